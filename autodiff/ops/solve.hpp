#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Linear equations and determinants, by LU factorisation. Leading axes are a batch.

namespace xgrad {

/// The part of a matrix that is read as a triangular one, and how.
struct Triangular {
  bool lower = false;          ///< the lower triangle, or else the upper
  bool transpose = false;      ///< the equations are A^T x = b
  bool unit_diagonal = false;  ///< the diagonal is not read: it is 1
};

/// The sign and the logarithm of a determinant: sign e^logabsdet.
template <class T>
struct SignAndLogDet {
  Array<T> sign;  ///< -1, 0 or 1; its derivative is 0
  Variable<T> logabsdet;
};

namespace detail {

template <class T>
XGRAD_API Variable<T> solve(const Variable<T>& a, const Variable<T>& b);
template <class T>
XGRAD_API Variable<T> solve_triangular(const Variable<T>& a, const Variable<T>& b, const Triangular& how);

}  // namespace detail

/// The x with A x = b, for A {..., n, n}: b is a vector {n} where it has one axis, and otherwise matrices
/// {..., n, k}, as NumPy 2 has it; leading axes broadcast. Throws ShapeError where they do not fit and
/// LinearAlgebraError for a singular A. A NaN or an infinity in A makes x NaN.
template <class A, class B>
  requires ArrayOperands<A, B>
auto solve(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::solve<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
}

/// The x with A x = b for a triangular A {..., n, n}, whose other triangle is not read and gets gradient 0:
/// `solve_triangular(a, b, {.lower = true})`. b is as in `solve`. Throws ShapeError where they do not fit and
/// LinearAlgebraError for a zero on the diagonal.
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
/// where A is singular; second derivatives then need singular values that differ, in all of the batch (see
/// `svd`). Throws ShapeError for matrices that are not square.
template <class T>
XGRAD_API Variable<T> det(const Variable<T>& a);

/// The sign of the determinant and log |det A|, which neither overflow nor underflow: 0 and -infinity for a
/// singular A. The gradient of the logarithm is A^-T; asking for it throws LinearAlgebraError where A is
/// singular. Throws ShapeError for matrices that are not square.
template <class T>
XGRAD_API SignAndLogDet<T> slogdet(const Variable<T>& a);

}  // namespace xgrad
