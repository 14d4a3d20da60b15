#pragma once

#include <autodiff/ops/comparison.hpp>
#include <autodiff/ops/powers.hpp>

/// \file
/// Piecewise linear functions, elementwise: absolute value, sign, rounding, remainder, clipping. (maximum and
/// minimum are in ops/arithmetic.hpp, relu and similar functions in ops/activations.hpp.)

namespace xgrad {

/// |x|; its derivative is the sign of x, 0 at 0.
template <class T>
XGRAD_API Variable<T> abs(const Variable<T>& x);

/// -1, 0 or 1 for a negative, zero or positive x, and NaN for NaN; its gradient is 0.
template <class T>
XGRAD_API Variable<T> sign(const Variable<T>& x);

/// The largest integer <= x; its gradient is 0.
template <class T>
XGRAD_API Variable<T> floor(const Variable<T>& x);

/// The smallest integer >= x; its gradient is 0.
template <class T>
XGRAD_API Variable<T> ceil(const Variable<T>& x);

/// The integer nearest to x; halfway between two integers, the even one (as in NumPy, unlike std::round). Its
/// gradient is 0.
template <class T>
XGRAD_API Variable<T> round(const Variable<T>& x);

/// x rounded towards 0 to an integer; its gradient is 0.
template <class T>
XGRAD_API Variable<T> trunc(const Variable<T>& x);

/// a - b trunc(a / b), exact: the remainder has the sign of a. NaN if b is 0 or a is infinite. The derivative
/// with respect to a is 1, with respect to b -trunc(a / b).
template <class T>
XGRAD_API Variable<T> fmod(const Variable<T>& a, const Variable<T>& b);

template <class A, class B>
  requires Operands<A, B>
auto fmod(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::call<T>([](const Variable<T>& u, const Variable<T>& v) { return fmod(u, v); },
                         std::forward<A>(a), std::forward<B>(b));
}

namespace detail {

/// x clipped to the interval between two numbers.
template <class T>
XGRAD_API Variable<T> clip_to_numbers(const Variable<T>& x, T low, T high);

}  // namespace detail

/// min(max(x, low), high): x between the bounds, otherwise the bound that it exceeds; `high` if low > high,
/// NaN if x is NaN. The bounds are numbers, arrays or Variables and broadcast; an infinite bound has no
/// effect. The derivative with respect to x is 1 between the bounds, bounds included, and 0 outside, where
/// the derivative with respect to the bound is 1.
template <class X, class L, class H>
  requires Operands<X, L, H>
auto clip(X&& x, L&& low, H&& high) {
  using T = detail::common_scalar_t<X, L, H>;
  if constexpr (Number<L> && Number<H>) {
    return detail::clip_to_numbers<T>(x, static_cast<T>(low), static_cast<T>(high));
  } else {
    const Variable<T> upper = detail::lift<T>(std::forward<H>(high));
    const Variable<T> bottom = detail::lift<T>(std::forward<L>(low));
    const Variable<T> value = detail::lift<T>(std::forward<X>(x));
    const Variable<T> raised = where(value < bottom, bottom, value);
    return where(raised > upper, upper, raised);
  }
}

}  // namespace xgrad
