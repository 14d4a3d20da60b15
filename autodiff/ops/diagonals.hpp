#pragma once

#include <autodiff/ops/lift.hpp>

#include <concepts>

/// \file
/// Triangles and diagonals of matrices. An array of more axes is a batch of matrices. Diagonal k lies k
/// columns to the right of the main diagonal.

namespace xgrad {

/// The lower triangles of matrices {..., m, n}: 0 above diagonal k. Throws ShapeError for fewer than two
/// axes.
template <class T>
Variable<T> tril(Variable<T> x, int k = 0);

/// The upper triangles of matrices {..., m, n}: 0 below diagonal k. Throws ShapeError for fewer than two
/// axes.
template <class T>
Variable<T> triu(Variable<T> x, int k = 0);

/// For a vector {n}, the square matrix with the vector as diagonal k and 0 elsewhere; for a matrix, its
/// diagonal k. Throws ShapeError for other arrays.
template <class T>
Variable<T> diag(Variable<T> x, int k = 0);

/// Diagonal k of the matrices whose rows are indexed by one axis, by default 0, and columns by another, by
/// default 1; the diagonal becomes the last axis. It is empty beyond the corners. Throws ShapeError if the
/// two axes are equal or out of range.
template <class T>
Variable<T> diagonal(Variable<T> x, int k = 0);
template <class T, std::integral A, std::integral B>
Variable<T> diagonal(Variable<T> x, int k, A rows_axis, B columns_axis);

/// The sum of `diagonal` along its last axis.
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

// Arguments by value, and one overload with xtensor's argument types: more specialised than xtensor's
// functions.

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
