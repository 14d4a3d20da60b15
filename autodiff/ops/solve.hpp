#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Linear equations and determinants, by LU factorisation. Leading axes are a batch.

namespace xgrad {

/// Options for solve_triangular: how the matrix is read.
struct Triangular {
  bool lower = false;          ///< read the lower triangle instead of the upper
  bool transpose = false;      ///< solve A^T x = b
  bool unit_diagonal = false;  ///< take the diagonal as 1, without reading it
};

/// The sign and the logarithm of a determinant, sign e^logabsdet.
template <class T>
struct SignAndLogDet {
  Array<T> sign;          ///< -1, 0 or 1; its derivative is 0
  Variable<T> logabsdet;  ///< log |det A|; -infinity for a singular A
};

namespace detail {

template <class T>
XGRAD_API Variable<T> solve(const Variable<T>& a, const Variable<T>& b);
template <class T>
XGRAD_API Variable<T> solve_triangular(const Variable<T>& a, const Variable<T>& b, const Triangular& how);

}  // namespace detail

/// The solution x of A x = b for A {..., n, n}. b with one axis is a vector {n}, and otherwise matrices {...,
/// n, k}, as in NumPy 2; leading axes broadcast. Throws ShapeError if the shapes do not match and
/// LinearAlgebraError for a singular A. A NaN or an infinity in A makes x NaN.
template <class A, class B>
  requires ArrayOperands<A, B>
auto solve(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::solve<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
}

/// The solution x of A x = b for a triangular A {..., n, n}, whose other triangle is not read and gets
/// gradient 0: `solve_triangular(a, b, {.lower = true})`. b is as for `solve`. Throws ShapeError if the
/// shapes do not match and LinearAlgebraError for a zero on the diagonal.
template <class A, class B>
  requires ArrayOperands<A, B>
auto solve_triangular(A&& a, B&& b, const Triangular& how = {}) {
  using T = detail::common_scalar_t<A, B>;
  return detail::solve_triangular<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)),
                                     how);
}

/// The inverse of {..., n, n}. Throws ShapeError for matrices that are not square and LinearAlgebraError for
/// singular ones. A NaN or an infinity makes all entries NaN.
template <class T>
XGRAD_API Variable<T> inv(const Variable<T>& a);

/// The determinant of {..., n, n}, 1 for n = 0. The gradient is the matrix of cofactors, det(A) A^-T, also
/// for a singular A; second derivatives then require distinct singular values, in the whole batch (see
/// `svd`). Throws ShapeError for matrices that are not square.
template <class T>
XGRAD_API Variable<T> det(const Variable<T>& a);

/// The sign of the determinant and log |det A|, without overflow or underflow; 0 and -infinity for a singular
/// A. The gradient of the logarithm is A^-T; computing it throws LinearAlgebraError for a singular A. Throws
/// ShapeError for matrices that are not square.
template <class T>
XGRAD_API SignAndLogDet<T> slogdet(const Variable<T>& a);

}  // namespace xgrad
