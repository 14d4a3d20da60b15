#pragma once

#include <autodiff/ops/index.hpp>
#include <autodiff/ops/lift.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>

/// \file
/// Reading and writing parts of an array by indices.
///
/// Indices work as in NumPy's x[i, j, ...], with xtensor's types: an integer removes its axis (negative ones
/// count from the end); `xt::range(start, stop, step)` keeps it, with bounds that may be negative or open
/// (`xt::placeholders::_`) and are clamped to the extent; `xt::all()` takes the whole axis; `xt::newaxis()`
/// adds an axis of extent 1; `xt::ellipsis()` stands for the axes without an index, which are otherwise the
/// last ones.
///
/// An array of integers selects these indices of its axis, in any number and order. Several such arrays
/// broadcast and are combined element by element; their axes replace those that they index or, if a slice
/// separates the arrays, come first. An array of booleans, with the extents of as many axes, selects the
/// entries where it is true.
///
/// Throws ShapeError for an index out of range, more indices than axes, more than one ellipsis, a mask of
/// other extents, or arrays that do not broadcast, ValueError for a range with step 0.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> view(const Variable<T>& x, std::span<const Index> indices);
template <class T>
XGRAD_API Variable<T> index_update(const Variable<T>& x, std::span<const Index> indices,
                                   const Variable<T>& value);
template <class T>
XGRAD_API Variable<T> index_add(const Variable<T>& x, std::span<const Index> indices,
                                const Variable<T>& value);
template <class T>
XGRAD_API Variable<T> masked_select(const Variable<T>& x, const Array<bool>& mask);

template <class... R>
using last_t = std::tuple_element_t<sizeof...(R) - 1, std::tuple<R...>>;

/// Calls `write(indices, value)` for arguments `indices..., value`.
template <class Write, class... R>
auto with_indices(const Write& write, const R&... rest) {
  const std::tuple<const R&...> all(rest...);
  constexpr std::size_t count = sizeof...(R) - 1;
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    const std::array<Index, count> indices{to_index(std::get<i>(all))...};
    return write(std::span<const Index>(indices), std::get<count>(all));
  }(std::make_index_sequence<count>());
}

}  // namespace detail

/// A copy of the part of x that the indices select: `view(x, xt::range(0, 4), xt::all(), 3)`.
template <class T, class... Indices>
Variable<T> view(Variable<T> x, Indices&&... indices) {
  const std::array<detail::Index, sizeof...(Indices)> list{detail::to_index(indices)...};
  return detail::view<T>(x, list);
}

/// The entries of x where the mask is true, in row-major order. The mask has the extents of x, or of its
/// leading axes; in the latter case the result keeps the other axes. Throws ShapeError if the extents differ.
template <class T, BooleanExpression M>
Variable<T> masked_select(const Variable<T>& x, const M& mask) {
  return detail::masked_select(x, to_array<bool>(mask));
}

/// A copy of x in which the selected part is replaced by a value, the last argument: `index_update(x, 0,
/// xt::all(), v)` is NumPy's `x[0, :] = v` on a copy. The value is a Variable, an array or a number that
/// broadcasts to the part. If an entry is written several times, the last value counts, and only that value
/// gets a gradient.
template <class X, class... IndicesAndValue>
  requires(sizeof...(IndicesAndValue) > 0 && Operands<X, detail::last_t<IndicesAndValue...>>)
auto index_update(const X& x, const IndicesAndValue&... rest) {
  using T = detail::common_scalar_t<X, detail::last_t<IndicesAndValue...>>;
  const auto write = [&](std::span<const detail::Index> indices, const auto& value) {
    return detail::index_update<T>(detail::lift<T>(x), indices, detail::lift<T>(value));
  };
  return detail::with_indices(write, rest...);
}

/// A copy of x in which a value, the last argument, is added to the selected part, to which it broadcasts.
/// Values for the same entry add up.
template <class X, class... IndicesAndValue>
  requires(sizeof...(IndicesAndValue) > 0 && Operands<X, detail::last_t<IndicesAndValue...>>)
auto index_add(const X& x, const IndicesAndValue&... rest) {
  using T = detail::common_scalar_t<X, detail::last_t<IndicesAndValue...>>;
  const auto write = [&](std::span<const detail::Index> indices, const auto& value) {
    return detail::index_add<T>(detail::lift<T>(x), indices, detail::lift<T>(value));
  };
  return detail::with_indices(write, rest...);
}

}  // namespace xgrad
