#pragma once

#include <autodiff/ops/lift.hpp>

#include <concepts>
#include <initializer_list>
#include <vector>

/// \file
/// Several arrays as one, and one as several.

namespace xgrad {

/// The arrays one after the other along an axis; their other extents are equal. Throws ShapeError.
template <class T>
XGRAD_API Variable<T> concatenate(const std::vector<Variable<T>>& arrays, int axis = 0);

/// Arrays of one shape side by side along a new axis of the result. Throws ShapeError.
template <class T>
XGRAD_API Variable<T> stack(const std::vector<Variable<T>>& arrays, int axis = 0);

/// The arrays beside each other: along the second axis, vectors and numbers along the first. Throws
/// ShapeError.
template <class T>
XGRAD_API Variable<T> hstack(const std::vector<Variable<T>>& arrays);

/// The arrays below each other: along the first axis, where vectors and numbers are rows. Throws ShapeError.
template <class T>
XGRAD_API Variable<T> vstack(const std::vector<Variable<T>>& arrays);

/// The parts of x along an axis: so many of equal extent, or those between the indices given, which may be
/// negative, and as slices do stop at the ends: split(x, 3), split(x, {2, 5}, -1). Throws ShapeError where
/// the extent does not divide, ValueError for less than one part.
template <class T, std::integral I, std::integral A = int>
std::vector<Variable<T>> split(Variable<T> x, I parts, A axis = 0);
template <class T>
std::vector<Variable<T>> split(Variable<T> x, const std::vector<std::ptrdiff_t>& indices, int axis = 0);
template <class T, class I, std::size_t N>
std::vector<Variable<T>> split(Variable<T> x, const I (&indices)[N], int axis = 0);

/// The same where the extent need not divide: the first parts are longer by one.
template <class T, std::integral I>
std::vector<Variable<T>> array_split(Variable<T> x, I parts, int axis = 0);
template <class T>
std::vector<Variable<T>> array_split(Variable<T> x, const std::vector<std::ptrdiff_t>& indices, int axis = 0);

namespace detail {

/// What becomes of a remainder.
enum class Remainder : bool { is_error, goes_first };

template <class T>
XGRAD_API std::vector<Variable<T>> split_evenly(const char* operation, const Variable<T>& x,
                                                std::ptrdiff_t parts, int axis, Remainder remainder);
template <class T>
XGRAD_API std::vector<Variable<T>> split_at(const char* operation, const Variable<T>& x,
                                            const std::vector<std::ptrdiff_t>& indices, int axis);

}  // namespace detail

// Lists in braces.

template <class T>
Variable<T> concatenate(std::initializer_list<Variable<T>> arrays, int axis = 0) {
  return concatenate<T>(std::vector<Variable<T>>(arrays), axis);
}
template <class T>
Variable<T> stack(std::initializer_list<Variable<T>> arrays, int axis = 0) {
  return stack<T>(std::vector<Variable<T>>(arrays), axis);
}
template <class T>
Variable<T> hstack(std::initializer_list<Variable<T>> arrays) {
  return hstack<T>(std::vector<Variable<T>>(arrays));
}
template <class T>
Variable<T> vstack(std::initializer_list<Variable<T>> arrays) {
  return vstack<T>(std::vector<Variable<T>>(arrays));
}

// By value, and once with xtensor's own argument types: more specialised than xtensor's `split`.

template <class T, std::integral I, std::integral A>
std::vector<Variable<T>> split(Variable<T> x, I parts, A axis) {
  return detail::split_evenly<T>("split", x, static_cast<std::ptrdiff_t>(parts), static_cast<int>(axis),
                                 detail::Remainder::is_error);
}
template <class T>
std::vector<Variable<T>> split(Variable<T> x, std::size_t parts, std::size_t axis = 0) {
  return detail::split_evenly<T>("split", x, static_cast<std::ptrdiff_t>(parts), static_cast<int>(axis),
                                 detail::Remainder::is_error);
}
template <class T>
std::vector<Variable<T>> split(Variable<T> x, const std::vector<std::ptrdiff_t>& indices, int axis) {
  return detail::split_at<T>("split", x, indices, axis);
}
template <class T, class I, std::size_t N>
std::vector<Variable<T>> split(Variable<T> x, const I (&indices)[N], int axis) {
  return detail::split_at<T>("split", x, {indices, indices + N}, axis);
}

template <class T, std::integral I>
std::vector<Variable<T>> array_split(Variable<T> x, I parts, int axis) {
  return detail::split_evenly<T>("array_split", x, static_cast<std::ptrdiff_t>(parts), axis,
                                 detail::Remainder::goes_first);
}
template <class T>
std::vector<Variable<T>> array_split(Variable<T> x, const std::vector<std::ptrdiff_t>& indices, int axis) {
  return detail::split_at<T>("array_split", x, indices, axis);
}

}  // namespace xgrad
