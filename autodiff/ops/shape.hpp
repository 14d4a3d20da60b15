#pragma once

#include <autodiff/ops/lift.hpp>
#include <autodiff/ops/reduction.hpp>

#include <initializer_list>
#include <vector>

/// \file
/// Reshaping, reordering of axes, and broadcasting.

namespace xgrad {

/// The entries, in row-major order, in another shape. One extent may be -1, which is inferred from the
/// others. Throws ShapeError if the numbers of entries differ.
template <class T>
XGRAD_API Variable<T> reshape(const Variable<T>& x, const std::vector<std::ptrdiff_t>& shape);

/// Joins all axes from `first_axis` on into one: by default images {N, H, W, C} become rows {N, H W C}.
/// flatten(x, 0) returns a vector.
template <class T>
Variable<T> flatten(Variable<T> x, std::size_t first_axis = 1);

/// Inserts axes of extent 1, so that they have these indices in the result: expand_dims(x, 0), expand_dims(x,
/// {0, -1}). Throws ShapeError for an axis out of range or given twice.
template <class T, std::integral I>
Variable<T> expand_dims(Variable<T> x, I axis);
template <class T, class I, std::size_t N>
Variable<T> expand_dims(Variable<T> x, const I (&axes)[N]);
template <class T>
Variable<T> expand_dims(Variable<T> x, const std::vector<int>& axes);

/// Removes all axes of extent 1, or the given axes. Throws ShapeError if a given axis is out of range or has
/// another extent.
template <class T>
Variable<T> squeeze(Variable<T> x);
template <class T, detail::AxesArgument A>
Variable<T> squeeze(Variable<T> x, A&& axes);
template <class T, class I, std::size_t N>
Variable<T> squeeze(Variable<T> x, const I (&axes)[N]);

/// Permutes the axes (NumPy's `transpose`): axis i of the result is axis order[i] of x. Without an order, the
/// axes are reversed. Throws ShapeError if the order is not a permutation of the axes.
template <class T>
Variable<T> transpose(Variable<T> x);
template <class T, class I, std::size_t N>
Variable<T> transpose(Variable<T> x, const I (&order)[N]);
template <class T, IntegerRange R>
Variable<T> transpose(Variable<T> x, R&& order);

/// The same as transpose(x, order), under PyTorch's name.
template <class T>
XGRAD_API Variable<T> permute(const Variable<T>& x, const std::vector<int>& order);

namespace detail {

template <class T>
XGRAD_API Variable<T> swapaxes(const Variable<T>& x, int axis1, int axis2);

}  // namespace detail

/// Exchanges two axes. Throws ShapeError for an axis out of range.
template <class T, std::integral A, std::integral B>
Variable<T> swapaxes(Variable<T> x, A axis1, B axis2) {
  return detail::swapaxes<T>(x, static_cast<int>(axis1), static_cast<int>(axis2));
}
/// Overload for the axis type of xtensor's `swapaxes`.
template <class T>
Variable<T> swapaxes(Variable<T> x, std::ptrdiff_t axis1, std::ptrdiff_t axis2) {
  return detail::swapaxes<T>(x, static_cast<int>(axis1), static_cast<int>(axis2));
}

/// Moves axes to other positions; the other axes keep their order: moveaxis(x, 0, -1), moveaxis(x, {0, 1},
/// {-1, 0}). Throws ShapeError if an axis is out of range or given twice, or the lists differ in length.
template <class T>
XGRAD_API Variable<T> moveaxis(const Variable<T>& x, const std::vector<int>& source,
                               const std::vector<int>& destination);
template <class T>
Variable<T> moveaxis(Variable<T> x, std::initializer_list<int> source,
                     std::initializer_list<int> destination) {
  return moveaxis<T>(x, std::vector<int>(source), std::vector<int>(destination));
}
template <class T, std::integral A, std::integral B>
Variable<T> moveaxis(Variable<T> x, A source, B destination) {
  return moveaxis(x, {static_cast<int>(source)}, {static_cast<int>(destination)});
}
/// Overload for the axis type of xtensor's `moveaxis`.
template <class T>
Variable<T> moveaxis(Variable<T> x, std::ptrdiff_t source, std::ptrdiff_t destination) {
  return moveaxis(x, {static_cast<int>(source)}, {static_cast<int>(destination)});
}

/// x repeated along axes of extent 1 and along new leading axes, by NumPy's broadcasting rules. Throws
/// ShapeError if x does not broadcast to exactly this shape.
template <class T>
XGRAD_API Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape);

namespace detail {

template <class T>
XGRAD_API Variable<T> flatten_from(const Variable<T>& x, std::size_t first_axis);
template <class T>
XGRAD_API Variable<T> expand_dims(const Variable<T>& x, const std::vector<int>& axes);
template <class T>
XGRAD_API Variable<T> squeeze_ones(const Variable<T>& x);
template <class T>
XGRAD_API Variable<T> squeeze(const Variable<T>& x, const Axes& axes);
/// The order that reverses the axes.
XGRAD_API std::vector<int> reversed_axes(std::size_t dimension);

using xgrad::permute;

}  // namespace detail

// Arguments are taken by value, which makes these functions more specialised than xtensor's of the same name,
// which accept any type. Where xtensor takes an index as std::size_t, there is an overload for it.

template <class T>
Variable<T> flatten(Variable<T> x, std::size_t first_axis) {
  return detail::flatten_from<T>(x, first_axis);
}

template <class T, std::integral I>
Variable<T> expand_dims(Variable<T> x, I axis) {
  return detail::expand_dims<T>(x, {static_cast<int>(axis)});
}
template <class T>
Variable<T> expand_dims(Variable<T> x, std::size_t axis) {
  return detail::expand_dims<T>(x, {static_cast<int>(axis)});
}
template <class T, class I, std::size_t N>
Variable<T> expand_dims(Variable<T> x, const I (&axes)[N]) {
  return detail::expand_dims<T>(x, {axes, axes + N});
}
template <class T>
Variable<T> expand_dims(Variable<T> x, const std::vector<int>& axes) {
  return detail::expand_dims<T>(x, axes);
}

template <class T>
Variable<T> squeeze(Variable<T> x) {
  return detail::squeeze_ones<T>(x);
}
template <class T, detail::AxesArgument A>
Variable<T> squeeze(Variable<T> x, A&& axes) {
  return detail::squeeze<T>(x, axes);
}
template <class T>
Variable<T> squeeze(Variable<T> x, std::size_t axis) {
  return detail::squeeze<T>(x, static_cast<int>(axis));
}
template <class T, class I, std::size_t N>
Variable<T> squeeze(Variable<T> x, const I (&axes)[N]) {
  return detail::squeeze<T>(x, axes);
}

template <class T>
Variable<T> transpose(Variable<T> x) {
  return permute<T>(x, detail::reversed_axes(x.dimension()));
}

template <class T, class I, std::size_t N>
Variable<T> transpose(Variable<T> x, const I (&order)[N]) {
  return permute<T>(x, std::vector<int>(order, order + N));
}

template <class T, IntegerRange R>
Variable<T> transpose(Variable<T> x, R&& order) {
  return permute<T>(x, {std::begin(order), std::end(order)});
}

}  // namespace xgrad
