#pragma once

#include <autodiff/ops/lift.hpp>

#include <optional>

/// \file
/// Least squares and pseudoinverses. Leading axes are a batch.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> lstsq(const Variable<T>& a, const Variable<T>& b);

}  // namespace detail

/// The pseudoinverse {..., n, m} of {..., m, n}: V diag(1 / s) U^T over the singular values s that are larger
/// than `rcond` times the largest, by default max(m, n) times the distance from 1 to the next number (as in
/// PyTorch). The derivatives are those among matrices of the same rank; where the rank is not full, others
/// lie beside them and the pseudoinverse is not continuous. Throws ShapeError for an array that is no matrix
/// and LinearAlgebraError for NaN or infinity, or where LAPACK's iteration does not converge.
template <class T>
XGRAD_API Variable<T> pinv(const Variable<T>& a, std::optional<double> rcond = {});

/// The x for which the sum of the squares of A x - b is least, for A {..., m, n} with m >= n and independent
/// columns. b is a vector {m} where it has one axis, and otherwise matrices {..., m, k}; leading axes
/// broadcast. Throws ShapeError where the shapes do not fit and LinearAlgebraError where the columns are
/// dependent, to the precision of the numbers; `matmul(pinv(a), b)` then gives the smallest such x.
template <class A, class B>
  requires ArrayOperands<A, B>
auto lstsq(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::lstsq<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
}

}  // namespace xgrad
