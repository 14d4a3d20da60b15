#pragma once

#include <autodiff/ops/lift.hpp>

#include <initializer_list>
#include <vector>

/// \file
/// The same entries in another shape or order.

namespace xgrad {

/// The entries, in row-major order, in another shape. One extent may be -1: it is what the others leave.
/// Throws ShapeError where the numbers of entries differ.
template <class T>
XGRAD_API Variable<T> reshape(const Variable<T>& x, const std::vector<std::ptrdiff_t>& shape);

/// All axes from `first_axis` on joined into one: by default images {N, H, W, C} become rows {N, H W C}.
/// flatten(x, 0) gives one axis.
template <class T>
Variable<T> flatten(Variable<T> x, std::size_t first_axis = 1);

/// Axes in the order given (NumPy's `transpose`): axis i of the result is axis order[i] of x. Without an
/// order, the reverse.
template <class T>
Variable<T> transpose(Variable<T> x);
template <class T, class I, std::size_t N>
Variable<T> transpose(Variable<T> x, const I (&order)[N]);
template <class T>
Variable<T> transpose(Variable<T> x, const std::vector<int>& order);

/// x repeated along axes of extent 1 and along new leading axes, as NumPy broadcasts. Throws ShapeError where
/// x does not broadcast to this very shape.
template <class T>
XGRAD_API Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape);

/// The arrays one after the other along an axis; their other extents are equal. Throws ShapeError.
template <class T>
XGRAD_API Variable<T> concatenate(const std::vector<Variable<T>>& arrays, int axis = 0);

namespace detail {

template <class T>
XGRAD_API Variable<T> flatten_from(const Variable<T>& x, std::size_t first_axis);
template <class T>
XGRAD_API Variable<T> permute(const Variable<T>& x, const std::vector<int>& order);
/// The order that reverses the axes.
XGRAD_API std::vector<int> reversed_axes(std::size_t dimension);

}  // namespace detail

// These take their argument by value, so that they are more specialised than xtensor's functions of the same
// name, which take anything.

template <class T>
Variable<T> flatten(Variable<T> x, std::size_t first_axis) {
  return detail::flatten_from<T>(x, first_axis);
}

template <class T>
Variable<T> transpose(Variable<T> x) {
  return detail::permute<T>(x, detail::reversed_axes(x.dimension()));
}

template <class T, class I, std::size_t N>
Variable<T> transpose(Variable<T> x, const I (&order)[N]) {
  return detail::permute<T>(x, std::vector<int>(order, order + N));
}

template <class T>
Variable<T> transpose(Variable<T> x, const std::vector<int>& order) {
  return detail::permute<T>(x, order);
}

/// concatenate({a, b}, axis), where the first is a Variable and the others Variables or arrays.
template <class T>
Variable<T> concatenate(std::initializer_list<Variable<T>> arrays, int axis = 0) {
  return concatenate<T>(std::vector<Variable<T>>(arrays), axis);
}

}  // namespace xgrad
