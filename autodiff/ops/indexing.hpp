#pragma once

#include <autodiff/ops/index.hpp>
#include <autodiff/ops/lift.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <tuple>
#include <utility>

/// \file
/// Parts of an array, read and written.
///
/// A part is chosen as NumPy's x[i, j, ...] does, in xtensor's words: an integer drops its axis (negative
/// ones count from the end); `xt::range(start, stop, step)` keeps it, with bounds that may be negative or
/// open (`xt::placeholders::_`) and that stop at the ends; `xt::all()` takes all of it; `xt::newaxis()` adds
/// an axis of extent 1; `xt::ellipsis()` stands for the axes not named, which are otherwise the last ones.
///
/// An array of integers chooses these positions of its axis, in any number and order; several such arrays
/// broadcast and are taken together, position by position. Their axes come where the arrays stood or, where
/// slices stood between them, first. An array of booleans, with the extents of as many axes, chooses the
/// positions where it is true.
///
/// ShapeError is thrown for an index out of range, more indices than axes, more than one ellipsis, a mask of
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
  }
  (std::make_index_sequence<count>());
}

}  // namespace detail

/// The part of x that the indices choose, copied: `view(x, xt::range(0, 4), xt::all(), 3)`.
template <class T, class... Indices>
Variable<T> view(Variable<T> x, Indices&&... indices) {
  const std::array<detail::Index, sizeof...(Indices)> list{detail::to_index(indices)...};
  return detail::view<T>(x, list);
}

/// The entries of x where the mask is true, one after another. The mask has the extents of x, or of its
/// leading axes; then the result has the other axes, too. Throws ShapeError.
template <class T, BooleanExpression M>
Variable<T> masked_select(const Variable<T>& x, const M& mask) {
  return detail::masked_select(x, to_array<bool>(mask));
}

/// x with another value in the part that the indices before it choose: `index_update(x, 0, xt::all(), v)` is
/// what NumPy's `x[0, :] = v` makes of a copy of x. The value is a Variable, an array or a number that
/// broadcasts to the part. Of several writes to one entry the last stays, and it alone has a gradient.
template <class X, class... IndicesAndValue>
  requires(sizeof...(IndicesAndValue) > 0 && Operands<X, detail::last_t<IndicesAndValue...>>)
auto index_update(const X& x, const IndicesAndValue&... rest) {
  using T = detail::common_scalar_t<X, detail::last_t<IndicesAndValue...>>;
  const auto write = [&](std::span<const detail::Index> indices, const auto& value) {
    return detail::index_update<T>(detail::lift<T>(x), indices, detail::lift<T>(value));
  };
  return detail::with_indices(write, rest...);
}

/// x with a value added to the part that the indices before it choose, which broadcasts to it. What goes to
/// one entry several times adds up.
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
