#pragma once

#include <autodiff/ops/index.hpp>
#include <autodiff/ops/lift.hpp>

#include <concepts>
#include <cstdint>
#include <optional>

/// \file
/// Reading and adding to entries at given indices. The indices are arrays of any integer type; negative ones
/// count from the end. An entry that is taken several times gets the sum of its gradients. An index out of
/// range throws ShapeError.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> take(const Variable<T>& x, Array<std::int64_t> positions, std::optional<int> axis);
template <class T>
XGRAD_API Variable<T> take_along_axis(const Variable<T>& x, const Array<std::int64_t>& positions, int axis);
template <class T>
XGRAD_API Variable<T> gather(const Variable<T>& x, const Array<std::int64_t>& positions, int axis);
template <class T>
XGRAD_API Variable<T> scatter_add(const Variable<T>& x, const Array<std::int64_t>& positions,
                                  const Variable<T>& value, int axis);

}  // namespace detail

/// The parts of x at these indices of an axis, which is replaced by the shape of the indices: take(x, rows,
/// 0), take(x, {0, 2, -1}, 1). A single index removes the axis. Without an axis, the indices count all
/// entries in row-major order.
template <class T, IndexExpression I>
Variable<T> take(const Variable<T>& x, const I& positions, int axis) {
  return detail::take<T>(x, detail::to_positions(positions), axis);
}
template <class T, IndexExpression I>
Variable<T> take(const Variable<T>& x, const I& positions) {
  return detail::take<T>(x, detail::to_positions(positions), std::nullopt);
}
template <class T, std::integral I>
Variable<T> take(const Variable<T>& x, I position, int axis) {
  return detail::take<T>(x, full<std::int64_t>({}, detail::to_position(position)), axis);
}
template <class T, std::integral I>
Variable<T> take(const Variable<T>& x, I position) {
  return detail::take<T>(x, full<std::int64_t>({}, detail::to_position(position)), std::nullopt);
}
template <class T, std::integral I, std::size_t N>
Variable<T> take(const Variable<T>& x, const I (&positions)[N], int axis) {
  return detail::take<T>(x, detail::to_positions(positions), axis);
}
template <class T, std::integral I, std::size_t N>
Variable<T> take(const Variable<T>& x, const I (&positions)[N]) {
  return detail::take<T>(x, detail::to_positions(positions), std::nullopt);
}

/// As NumPy's `take_along_axis`, for positions as argsort and argmax return them: result[i, j] =
/// x[positions[i, j], j] for axis 0, x[i, positions[i, j]] for axis 1. x and `positions` have equally many
/// axes, and broadcast along all but this one. Throws ShapeError if they do not.
template <class T, IndexExpression I>
Variable<T> take_along_axis(const Variable<T>& x, const I& positions, int axis) {
  return detail::take_along_axis<T>(x, detail::to_positions(positions), axis);
}

/// As PyTorch's `gather`: result[i, j] = x[positions[i, j], j] for axis 0, x[i, positions[i, j]] for axis 1.
/// The result has the shape of `positions`, whose other extents may be smaller than those of x and do not
/// broadcast. Throws ShapeError if they are larger, or the numbers of axes differ.
template <class T, IndexExpression I>
Variable<T> gather(const Variable<T>& x, const I& positions, int axis) {
  return detail::gather<T>(x, detail::to_positions(positions), axis);
}

/// As PyTorch's `scatter_add`: a copy of x with value[i, j] added to entry [positions[i, j], j] for axis 0,
/// to [i, positions[i, j]] for axis 1; values for the same entry add up. `positions` is as for `gather`; the
/// value is a Variable, an array or a number that broadcasts to its shape. Throws ShapeError if it does not.
template <class X, IndexExpression I, class V>
  requires Operands<X, V>
auto scatter_add(const X& x, const I& positions, const V& value, int axis) {
  using T = detail::common_scalar_t<X, V>;
  return detail::scatter_add<T>(detail::lift<T>(x), detail::to_positions(positions), detail::lift<T>(value),
                                axis);
}

}  // namespace xgrad
