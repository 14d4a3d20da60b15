#pragma once

#include <autodiff/config.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <utility>

namespace xgrad {

/// Usage of the memory pool that Arrays, Variables and their associated objects are allocated from. Freed
/// blocks are kept and reused for requests of the same size, so that a training loop stops allocating from
/// the system.
///
/// All threads share the pool; an array may be created by one thread and destroyed by another. The pool keeps
/// at most twice as much unused memory as the recent peak in use (over the last 32,768 to 65,536 requests for
/// more than 32 KiB), or 64 MiB if that is more. Beyond that, it returns blocks to the system, least recently
/// requested size first. If the system refuses a request, the pool returns all unused memory and tries again.
/// In addition, each thread caches up to 64 KiB of small blocks of each size, less than 2.5 MiB in total,
/// until it ends.
struct MemoryUse {
  std::size_t in_use = 0;  ///< bytes of live arrays, rounded up, plus the threads' caches of small blocks
  std::size_t unused = 0;  ///< bytes kept for later requests
};

/// The current usage of the pool.
XGRAD_API MemoryUse memory_use() noexcept;

/// Returns all unused memory of the pool to the system (PyTorch's `empty_cache`), including the calling
/// thread's cache of small blocks; other threads return theirs at their next request for memory. Returns the
/// number of bytes released.
XGRAD_API std::size_t trim_memory() noexcept;

namespace detail {

/// Allocates `bytes` from the pool, aligned to 64 bytes. Throws MemoryError, whose message contains the bytes
/// requested and the bytes in use.
XGRAD_API void* allocate(std::size_t bytes);

/// Returns memory to the pool; `bytes` is the size that was requested.
XGRAD_API void deallocate(void* memory, std::size_t bytes) noexcept;

/// The number of allocations that the pool made from the system: constant in a steady loop.
XGRAD_API std::size_t system_allocations() noexcept;

/// Bytes of Arrays and Variables allocated minus bytes freed by the calling thread. A block freed by another
/// thread is subtracted from that thread's count. Excludes the records of tapes, which are small.
XGRAD_API std::ptrdiff_t bytes_in_use() noexcept;

/// The peak of bytes_in_use() since the last reset.
XGRAD_API std::ptrdiff_t peak_bytes_in_use() noexcept;
XGRAD_API void reset_peak_bytes() noexcept;

}  // namespace detail

/// The allocator of Array: pooled and aligned to 64 bytes. The type is the same for all compiler flags.
template <class T>
struct PoolAllocator {
  using value_type = T;  ///< the type of the entries

  PoolAllocator() = default;
  template <class U>
  PoolAllocator(const PoolAllocator<U>&) noexcept {}

  /// Uninitialised memory for `count` entries. Throws std::bad_array_new_length if their size in bytes is not
  /// representable and MemoryError if the system refuses the memory.
  T* allocate(std::size_t count) {
    if (count > std::numeric_limits<std::size_t>::max() / 2 / sizeof(T)) throw std::bad_array_new_length();
    return static_cast<T*>(detail::allocate(count * sizeof(T)));
  }
  /// Returns memory to the pool; `count` is the number of entries that was requested.
  void deallocate(T* memory, std::size_t count) noexcept { detail::deallocate(memory, count * sizeof(T)); }

  template <class U>
  bool operator==(const PoolAllocator<U>&) const noexcept {
    return true;
  }
};

namespace detail {

/// A shared_ptr to an object allocated from the pool.
template <class X, class... Args>
std::shared_ptr<X> make_pooled(Args&&... args) {
  return std::allocate_shared<X>(PoolAllocator<X>(), std::forward<Args>(args)...);
}

}  // namespace detail

}  // namespace xgrad
