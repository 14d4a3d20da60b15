#pragma once

#include <autodiff/ops/comparison.hpp>
#include <autodiff/ops/powers.hpp>

/// \file
/// Functions made of straight pieces, entry by entry: sizes, signs, limits, rounding, remainders. (maximum
/// and minimum stand with the arithmetic, relu and its kin with the activations.)

namespace xgrad {

/// |x|; its derivative is the sign of x, 0 at 0.
template <class T>
XGRAD_API Variable<T> abs(const Variable<T>& x);

/// -1, 0 or 1 as x is negative, zero or positive, NaN for NaN; its gradient is 0.
template <class T>
XGRAD_API Variable<T> sign(const Variable<T>& x);

/// The largest integer that is not above x; its gradient is 0.
template <class T>
XGRAD_API Variable<T> floor(const Variable<T>& x);

/// The smallest integer that is not below x; its gradient is 0.
template <class T>
XGRAD_API Variable<T> ceil(const Variable<T>& x);

/// The integer nearest to x; from the middle, the even one (as NumPy, and unlike std::round). Its gradient
/// is 0.
template <class T>
XGRAD_API Variable<T> round(const Variable<T>& x);

/// x without its fraction: the integer next to it towards 0; its gradient is 0.
template <class T>
XGRAD_API Variable<T> trunc(const Variable<T>& x);

/// a - b trunc(a / b), exact: the remainder has the sign of a. NaN where b is 0 or a infinite. The derivative
/// by a is 1, by b it is -trunc(a / b).
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

/// x within two numbers.
template <class T>
XGRAD_API Variable<T> clip_to_numbers(const Variable<T>& x, T low, T high);

}  // namespace detail

/// min(max(x, low), high): x where it lies between the bounds, else the bound that it exceeds; `high` where
/// the bounds cross, NaN where x is. The bounds are numbers, arrays or Variables and broadcast; an infinity
/// is no bound. The derivative by x is 1 from bound to bound, both included, and 0 outside, where the bound
/// has it.
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
