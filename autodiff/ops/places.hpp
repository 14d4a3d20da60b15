#pragma once

#include <autodiff/kernels/pick.hpp>
#include <autodiff/kernels/strided.hpp>
#include <autodiff/operation.hpp>

/// \file
/// The entries at some places of an array, and the array with entries put there: each is the other's
/// derivative. Places are regular, a kernels::Strided, or listed, a kernels::Pick. Private to the sources of
/// the operations.

namespace xgrad::detail {

template <class T, class Places>
Variable<T> entries_at(const char* operation, const Variable<T>& x, const Places& places);

/// Zeros, but for x at these places; what goes to one place several times adds up.
template <class T, class Places>
Variable<T> put_at(const Variable<T>& x, const Places& places, const Shape& shape) {
  return operation("put", kernels::scatter(x.value(), places, shape),
                   {x, [places](const Variable<T>& g) { return entries_at("entries", g, places); }});
}

/// The entries of x at these places, 0 where a Pick names none.
template <class T, class Places>
Variable<T> entries_at(const char* name, const Variable<T>& x, const Places& places) {
  return operation(name, kernels::gather(x.value(), places),
                   {x, [places, s = x.shape()](const Variable<T>& g) { return put_at(g, places, s); }});
}

/// Indices of one axis, made by index(i) for i < count.
template <class F>
kernels::Indices make_indices(std::size_t count, const F& index) {
  auto result = std::allocate_shared<Array<std::int64_t>>(PoolAllocator<Array<std::int64_t>>(), Shape{count});
  for (std::size_t i = 0; i < count; ++i) result->data()[i] = static_cast<std::int64_t>(index(i));
  return result;
}

inline kernels::Indices share(Array<std::int64_t>&& indices) {
  return std::allocate_shared<Array<std::int64_t>>(PoolAllocator<Array<std::int64_t>>(), std::move(indices));
}

}  // namespace xgrad::detail
