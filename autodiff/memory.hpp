#pragma once

#include <autodiff/config.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <utility>

namespace xgrad {

/// The memory of the process that Arrays, Variables and what belongs to them are made in. It is pooled: what
/// is given back is kept for the next of its size, so that a training loop stops asking the system for
/// memory.
///
/// All threads share the pool; an array may be made by one thread and destroyed by another. The pool keeps at
/// most twice as much unused memory as was lately in use at one time (during the last 32,768 to 65,536
/// requests for more than 32 KiB), or 64 MiB if that is more. Beyond that, blocks of the size that was not
/// asked for for longest go back to the system. A request that the system refuses is repeated after all
/// unused memory has gone back. Besides, each thread keeps up to 64 KiB of small blocks of each size, less
/// than 2.5 MiB in all, until it ends.
struct MemoryUse {
  std::size_t in_use = 0;  ///< bytes of living arrays, rounded up, and the small blocks that threads keep
  std::size_t unused = 0;  ///< bytes kept for later requests
};

/// What the pool holds now.
XGRAD_API MemoryUse memory_use() noexcept;

/// Gives all unused memory of the pool back to the system (PyTorch's `empty_cache`), the calling thread's
/// small blocks included; another thread's small blocks follow when it next asks for memory. Returns the
/// bytes given back.
XGRAD_API std::size_t trim_memory() noexcept;

namespace detail {

/// `bytes` of memory aligned to 64 bytes, from the pool. Throws MemoryError; its message says how many
/// bytes were asked for, and how many are in use.
XGRAD_API void* allocate(std::size_t bytes);

/// Gives memory back to the pool; `bytes` is what was asked for.
XGRAD_API void deallocate(void* memory, std::size_t bytes) noexcept;

/// How often this process asked the system for memory on behalf of the pool: constant in a steady loop.
XGRAD_API std::size_t system_allocations() noexcept;

/// The bytes of Arrays and Variables that the calling thread has asked for and not given back. What another
/// thread gives back counts there; what tapes note of operations is elsewhere, and small.
XGRAD_API std::ptrdiff_t bytes_in_use() noexcept;

/// The most that this has been since it was last reset.
XGRAD_API std::ptrdiff_t peak_bytes_in_use() noexcept;
XGRAD_API void reset_peak_bytes() noexcept;

}  // namespace detail

/// The allocator behind Array: 64-byte aligned, pooled, the same type whatever flags a
/// translation unit is compiled with.
template <class T>
struct PoolAllocator {
  using value_type = T;

  PoolAllocator() = default;
  template <class U>
  PoolAllocator(const PoolAllocator<U>&) noexcept {}

  T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / 2 / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(detail::allocate(count * sizeof(T)));
  }
  void deallocate(T* memory, std::size_t count) noexcept { detail::deallocate(memory, count * sizeof(T)); }

  template <class U>
  bool operator==(const PoolAllocator<U>&) const noexcept {
    return true;
  }
};

namespace detail {

/// A shared object, on pooled memory as its entries are.
template <class X, class... Args>
std::shared_ptr<X> make_pooled(Args&&... args) {
  return std::allocate_shared<X>(PoolAllocator<X>(), std::forward<Args>(args)...);
}

}  // namespace detail

}  // namespace xgrad
