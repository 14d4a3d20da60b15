#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Elementwise powers and other functions of two operands, with NumPy's broadcasting. Operands are Variables,
/// xtensor expressions and numbers in any order, at least one of them a Variable. Shapes that do not
/// broadcast throw ShapeError.

namespace xgrad {

/// a^b, as std::pow: x^0 is 1 for every x; a negative base has a power for integer exponents, and NaN for
/// others. The derivative with respect to the base, b a^(b-1), is 0 if b = 0, even at a = 0. The derivative
/// with respect to the exponent, a^b log(a), is 0 at a = 0 for b >= 0, and NaN for negative a. It is not
/// computed for a constant exponent, and never affects the gradient of the base.
template <class T>
XGRAD_API Variable<T> pow(const Variable<T>& a, const Variable<T>& b);

/// sqrt(a^2 + b^2), without overflow. Both derivatives are 0 at the origin.
template <class T>
XGRAD_API Variable<T> hypot(const Variable<T>& a, const Variable<T>& b);

/// log(e^a + e^b), without overflow. Equal operands, even infinite ones, share the gradient equally.
template <class T>
XGRAD_API Variable<T> logaddexp(const Variable<T>& a, const Variable<T>& b);

/// x log(y), and 0 if x = 0 (unless y is NaN), so that xlogy(x, x) is x log(x) with its limit at 0. At x = 0
/// the derivative with respect to y is 0, and the derivative with respect to x, log(y), is 0 for y <= 0:
/// entropies of distributions with zeros have finite gradients.
template <class T>
XGRAD_API Variable<T> xlogy(const Variable<T>& x, const Variable<T>& y);

namespace detail {

/// x^c for a number c.
template <class T>
XGRAD_API Variable<T> pow_number(const Variable<T>& x, T c);

}  // namespace detail

template <class A, class B>
  requires Operands<A, B>
auto pow(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  if constexpr (Number<B>) {
    return detail::pow_number<T>(a, static_cast<T>(b));
  } else {
    return detail::call<T>([](const Variable<T>& u, const Variable<T>& v) { return pow(u, v); },
                           std::forward<A>(a), std::forward<B>(b));
  }
}

template <class A, class B>
  requires Operands<A, B>
auto hypot(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::call<T>([](const Variable<T>& u, const Variable<T>& v) { return hypot(u, v); },
                         std::forward<A>(a), std::forward<B>(b));
}

template <class A, class B>
  requires ArrayOperands<A, B>
auto logaddexp(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::call<T>([](const Variable<T>& u, const Variable<T>& v) { return logaddexp(u, v); },
                         std::forward<A>(a), std::forward<B>(b));
}

template <class X, class Y>
  requires ArrayOperands<X, Y>
auto xlogy(X&& x, Y&& y) {
  using T = detail::common_scalar_t<X, Y>;
  return detail::call<T>([](const Variable<T>& u, const Variable<T>& v) { return xlogy(u, v); },
                         std::forward<X>(x), std::forward<Y>(y));
}

}  // namespace xgrad
