#pragma once

#include <autodiff/ops/lift.hpp>

#include <concepts>
#include <initializer_list>
#include <vector>

/// \file
/// Concatenation, stacking and splitting of arrays.

namespace xgrad {

/// Concatenates arrays along an axis. Throws ShapeError if their other extents differ, or without arrays.
template <class T>
XGRAD_API Variable<T> concatenate(const std::vector<Variable<T>>& arrays, int axis = 0);

/// Stacks arrays along a new axis of the result. Throws ShapeError if their shapes differ, or without arrays.
template <class T>
XGRAD_API Variable<T> stack(const std::vector<Variable<T>>& arrays, int axis = 0);

/// Concatenates arrays along the second axis, vectors and numbers along the first (np.hstack). Throws
/// ShapeError as `concatenate` does.
template <class T>
XGRAD_API Variable<T> hstack(const std::vector<Variable<T>>& arrays);

/// Concatenates arrays along the first axis, vectors and numbers as rows (np.vstack). Throws ShapeError as
/// `concatenate` does.
template <class T>
XGRAD_API Variable<T> vstack(const std::vector<Variable<T>>& arrays);

/// Splits x along an axis: into a number of equal parts, or at the given indices, which may be negative and
/// are clamped to the extent, as in slices: split(x, 3), split(x, {2, 5}, -1). Throws ShapeError if the
/// extent is not divisible by the number of parts, ValueError for fewer than one part.
template <class T, std::integral I, std::integral A = int>
std::vector<Variable<T>> split(Variable<T> x, I parts, A axis = 0);
template <class T>
std::vector<Variable<T>> split(Variable<T> x, const std::vector<std::ptrdiff_t>& indices, int axis = 0);
template <class T, class I, std::size_t N>
std::vector<Variable<T>> split(Variable<T> x, const I (&indices)[N], int axis = 0);

/// As `split`, but the extent need not be divisible: the first parts are longer by one.
template <class T, std::integral I>
std::vector<Variable<T>> array_split(Variable<T> x, I parts, int axis = 0);
template <class T>
std::vector<Variable<T>> array_split(Variable<T> x, const std::vector<std::ptrdiff_t>& indices, int axis = 0);

namespace detail {

/// What to do if the extent is not divisible.
enum class Remainder : bool { is_error, goes_first };

template <class T>
XGRAD_API std::vector<Variable<T>> split_evenly(const char* operation, const Variable<T>& x,
                                                std::ptrdiff_t parts, int axis, Remainder remainder);
template <class T>
XGRAD_API std::vector<Variable<T>> split_at(const char* operation, const Variable<T>& x,
                                            const std::vector<std::ptrdiff_t>& indices, int axis);

}  // namespace detail

// Overloads for lists in braces.

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

// Arguments by value, and one overload with xtensor's argument types: more specialised than xtensor's
// `split`.

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
