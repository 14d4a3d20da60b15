#pragma once

#include <autodiff/ops/index.hpp>
#include <autodiff/ops/lift.hpp>

#include <concepts>
#include <cstdint>
#include <optional>

/// \file
/// Entries at positions that arrays of integers give, of any integer type; negative positions count from the
/// end. What is taken several times gets the sum of its gradients. A position out of range throws ShapeError.

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

/// The parts of x at these positions of an axis, whose place in the shape the positions' shape takes:
/// take(x, rows, 0), take(x, {0, 2, -1}, 1); a single position drops the axis. Without an axis, positions are
/// those of the entries in row-major order.
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

/// For each entry of `positions`, the entry of x at this position of the axis and the entry's own on all
/// others: what argsort and argmax of an axis give. x and the positions have equally many axes, and broadcast
/// but for this one. Throws ShapeError where they do not.
template <class T, IndexExpression I>
Variable<T> take_along_axis(const Variable<T>& x, const I& positions, int axis) {
  return detail::take_along_axis<T>(x, detail::to_positions(positions), axis);
}

/// As PyTorch's `gather`: result[i, j] = x[positions[i, j], j] for axis 0, x[i, positions[i, j]] for axis 1.
/// The result has the shape of the positions, whose extents off the axis may be smaller than x's and do not
/// broadcast. Throws ShapeError where they are larger or the numbers of axes differ.
template <class T, IndexExpression I>
Variable<T> gather(const Variable<T>& x, const I& positions, int axis) {
  return detail::gather<T>(x, detail::to_positions(positions), axis);
}

/// As PyTorch's `scatter_add`: x with value[i, j] added to entry [positions[i, j], j] for axis 0, to
/// [i, positions[i, j]] for axis 1; what goes to one entry several times adds up. The positions are as
/// `gather` takes them; the value is a Variable, an array or a number that broadcasts to their shape. Throws
/// ShapeError where it does not.
template <class X, IndexExpression I, class V>
  requires Operands<X, V>
auto scatter_add(const X& x, const I& positions, const V& value, int axis) {
  using T = detail::common_scalar_t<X, V>;
  return detail::scatter_add<T>(detail::lift<T>(x), detail::to_positions(positions), detail::lift<T>(value),
                                axis);
}

}  // namespace xgrad
