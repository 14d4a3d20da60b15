#pragma once

#include <autodiff/ops/lift.hpp>

#include <optional>

/// \file
/// Pseudoinverses and least squares. Leading axes are a batch.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> lstsq(const Variable<T>& a, const Variable<T>& b);

}  // namespace detail

/// The pseudoinverse {..., n, m} of {..., m, n}: V diag(1 / s) U^T over the singular values s that are larger
/// than `rcond` times the largest, by default max(m, n) times the machine epsilon (as in PyTorch). The
/// derivatives are those among matrices of the same rank; if the rank is not full, there are matrices of
/// higher rank arbitrarily close, and the pseudoinverse is not continuous. Throws ShapeError for an array
/// that is not a matrix and LinearAlgebraError for NaN or infinity, or if LAPACK's iteration does not
/// converge.
template <class T>
XGRAD_API Variable<T> pinv(const Variable<T>& a, std::optional<double> rcond = {});

/// The x that minimises the sum of squares of A x - b, for A {..., m, n} with m >= n and independent columns.
/// b with one axis is a vector {m}, and otherwise matrices {..., m, k}; leading axes broadcast. Throws
/// ShapeError if the shapes do not match and LinearAlgebraError if the columns are dependent to working
/// precision; `matmul(pinv(a), b)` is then the minimiser with the smallest norm.
template <class A, class B>
  requires ArrayOperands<A, B>
auto lstsq(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::lstsq<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
}

}  // namespace xgrad
