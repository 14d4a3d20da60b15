#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Products of matrices.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> matmul(const Variable<T>& a, const Variable<T>& b);

}  // namespace detail

/// The matrix product as NumPy defines it: {m, k} x {k, n} is {m, n}; leading axes are a batch and broadcast;
/// a 1-D operand is a row on the left, a column on the right, and its axis is dropped from the result. Throws
/// ShapeError where the inner extents differ or an operand is a number.
template <class A, class B>
  requires Operands<A, B>
auto matmul(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::matmul<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
}

}  // namespace xgrad
