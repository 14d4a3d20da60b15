#pragma once

#include <autodiff/config.hpp>

#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <utility>

namespace xgrad {

namespace detail {

/// `bytes` of memory aligned to 64 bytes, from the calling thread's pool. Throws std::bad_alloc.
XGRAD_API void* allocate(std::size_t bytes);

/// Gives memory back to the calling thread's pool; `bytes` is what was asked for.
XGRAD_API void deallocate(void* memory, std::size_t bytes) noexcept;

/// How often this process asked the system for memory on behalf of the pools: constant in a steady loop.
XGRAD_API std::size_t system_allocations() noexcept;

/// The bytes of Arrays and Variables that the calling thread has asked for and not given back. What another
/// thread gives back counts there; what tapes note of operations is elsewhere, and small.
XGRAD_API std::ptrdiff_t bytes_in_use() noexcept;

/// The most that this has been since it was last reset.
XGRAD_API std::ptrdiff_t peak_bytes_in_use() noexcept;
XGRAD_API void reset_peak_bytes() noexcept;

}  // namespace detail

/// The allocator behind Array: 64-byte aligned, pooled per thread, the same type whatever flags a
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
