#pragma once

#include <autodiff/ops/lift.hpp>

#include <concepts>

/// \file
/// Triangles and diagonals of matrices, of which an array of more axes holds many. Diagonal k lies k columns
/// to the right of the main one.

namespace xgrad {

/// Matrices {..., m, n} with 0 above diagonal k. Throws ShapeError for less than two axes.
template <class T>
Variable<T> tril(Variable<T> x, int k = 0);

/// Matrices {..., m, n} with 0 below diagonal k. Throws ShapeError for less than two axes.
template <class T>
Variable<T> triu(Variable<T> x, int k = 0);

/// Of a vector {n}, the square matrix with it as diagonal k and 0 elsewhere; of a matrix, its diagonal k.
/// Throws ShapeError for other arrays.
template <class T>
Variable<T> diag(Variable<T> x, int k = 0);

/// Diagonal k of the matrices with rows along one axis and columns along another; it becomes the last axis.
/// Empty beyond the corners. Throws ShapeError where the two are one, or out of range.
template <class T>
Variable<T> diagonal(Variable<T> x, int k = 0);
template <class T, std::integral A, std::integral B>
Variable<T> diagonal(Variable<T> x, int k, A rows_axis, B columns_axis);

/// The sum of that diagonal.
template <class T>
XGRAD_API Variable<T> trace(const Variable<T>& x, int k = 0, int rows_axis = 0, int columns_axis = 1);

namespace detail {

template <class T>
XGRAD_API Variable<T> tril(const Variable<T>& x, std::ptrdiff_t k);
template <class T>
XGRAD_API Variable<T> triu(const Variable<T>& x, std::ptrdiff_t k);
template <class T>
XGRAD_API Variable<T> diag(const Variable<T>& x, std::ptrdiff_t k);
template <class T>
XGRAD_API Variable<T> diagonal(const Variable<T>& x, std::ptrdiff_t k, int rows_axis, int columns_axis);

}  // namespace detail

// By value, and once with xtensor's own argument types: more specialised than xtensor's functions.

template <class T>
Variable<T> tril(Variable<T> x, int k) {
  return detail::tril<T>(x, k);
}

template <class T>
Variable<T> triu(Variable<T> x, int k) {
  return detail::triu<T>(x, k);
}

template <class T>
Variable<T> diag(Variable<T> x, int k) {
  return detail::diag<T>(x, k);
}

template <class T>
Variable<T> diagonal(Variable<T> x, int k) {
  return detail::diagonal<T>(x, k, 0, 1);
}
template <class T, std::integral A, std::integral B>
Variable<T> diagonal(Variable<T> x, int k, A rows_axis, B columns_axis) {
  return detail::diagonal<T>(x, k, static_cast<int>(rows_axis), static_cast<int>(columns_axis));
}
template <class T>
Variable<T> diagonal(Variable<T> x, int k, std::size_t rows_axis, std::size_t columns_axis) {
  return detail::diagonal<T>(x, k, static_cast<int>(rows_axis), static_cast<int>(columns_axis));
}

}  // namespace xgrad
