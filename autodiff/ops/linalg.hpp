#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Matrix products.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> matmul(const Variable<T>& a, const Variable<T>& b);
template <class T>
XGRAD_API Variable<T> linear(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias);

}  // namespace detail

/// The matrix product as NumPy defines it: {m, k} x {k, n} is {m, n}. Leading axes are a batch and broadcast.
/// A 1-D operand is a row on the left and a column on the right, and its axis is removed from the result.
/// Throws ShapeError if the inner extents differ or an operand is a number.
template <class A, class B>
  requires ArrayOperands<A, B>
auto matmul(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::matmul<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
}

/// y = x W^T + b, the activations of a layer (section 3 of the note): x {..., in}, weight {out, in} and bias
/// {out}, or an empty Variable for no bias, give {..., out}. Throws ShapeError if the shapes do not match.
template <class X, class W, class B>
  requires ArrayOperands<X, W, B>
auto linear(X&& x, W&& weight, B&& bias) {
  using T = detail::common_scalar_t<X, W, B>;
  return detail::linear<T>(detail::lift<T>(std::forward<X>(x)), detail::lift<T>(std::forward<W>(weight)),
                           detail::lift<T>(std::forward<B>(bias)));
}

/// The same without a bias, y = x W^T.
template <class X, class W>
  requires ArrayOperands<X, W>
auto linear(X&& x, W&& weight) {
  using T = detail::common_scalar_t<X, W>;
  return detail::linear<T>(detail::lift<T>(std::forward<X>(x)), detail::lift<T>(std::forward<W>(weight)),
                           Variable<T>());
}

}  // namespace xgrad
