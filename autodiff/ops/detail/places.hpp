#pragma once

#include <autodiff/kernels/pick.hpp>
#include <autodiff/kernels/strided.hpp>
#include <autodiff/operation.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>

#include <algorithm>

/// \file
/// Reading the entries at some places of an array, and writing entries to these places of zeros: each is the
/// pullback of the other. The places are regular, a kernels::Strided, or listed, a kernels::Pick. Private to
/// the sources of the operations.

namespace xgrad::detail {

template <class T, class Places>
Variable<T> entries_at(const char* operation, const Variable<T>& x, const Places& places);

/// An array of zeros with x at these places; entries for the same place add up.
template <class T, class Places>
Variable<T> put_at(const Variable<T>& x, const Places& places, const Shape& shape) {
  return operation("put", kernels::scatter(x.value(), places, shape),
                   {x, [places](const Variable<T>& g) { return entries_at("entries", g, places); }});
}

/// The entries of x at these places, 0 where a Pick has no place.
template <class T, class Places>
Variable<T> entries_at(const char* name, const Variable<T>& x, const Places& places) {
  return operation(name, kernels::gather(x.value(), places),
                   {x, [places, s = x.shape()](const Variable<T>& g) { return put_at(g, places, s); }});
}

/// x with a value, of the shape of these places, added at the places.
template <class T, class Places>
Variable<T> add_entries(const char* name, const Variable<T>& x, const Places& places,
                        const Variable<T>& value) {
  Array<T> result = x.value();
  kernels::add_at(result, places, value.value());
  return operation(name, std::move(result),
                   {{x, [](const Variable<T>& g) { return g; }},
                    {value, [places](const Variable<T>& g) { return entries_at("entries", g, places); }}});
}

/// The places of `count` indices of one axis, from `start` on, in an array of this shape.
inline kernels::Strided axis_range(const Shape& shape, std::size_t axis, std::size_t start,
                                   std::size_t count) {
  const auto strides = kernels::contiguous_strides(shape);
  kernels::Strided part{shape, strides, static_cast<std::ptrdiff_t>(start) * strides[axis]};
  part.shape[axis] = count;
  return part;
}

/// A value broadcast to the shape of the places that it is written to. Throws ShapeError if it does not
/// broadcast.
template <class T>
Variable<T> fit_value(const char* operation, const Variable<T>& value, const Shape& shape) {
  const Shape& own = value.shape();
  if (own == shape) return value;
  const bool fits =
      own.size() <= shape.size() && std::equal(own.rbegin(), own.rend(), shape.rbegin(),
                                               [](std::size_t a, std::size_t b) { return a == 1 || a == b; });
  if (fits) return broadcast_to(value, shape);
  throw ShapeError(fmt::format("{}: a value of shape {} does not broadcast to the part's shape {}", operation,
                               to_string(own), to_string(shape)));
}

/// The indices index(0) ... index(count - 1) of one axis.
template <class F>
kernels::Indices make_indices(std::size_t count, const F& index) {
  auto result = make_pooled<Array<std::int64_t>>(Shape{count});
  for (std::size_t i = 0; i < count; ++i) result->data()[i] = static_cast<std::int64_t>(index(i));
  return result;
}

inline kernels::Indices share(Array<std::int64_t>&& indices) {
  return make_pooled<Array<std::int64_t>>(std::move(indices));
}

}  // namespace xgrad::detail
