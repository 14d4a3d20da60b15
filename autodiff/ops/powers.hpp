#pragma once

#include <autodiff/ops/lift.hpp>

#include <limits>

/// \file
/// Powers, roots, exponentials and logarithms of every entry, and the choice between two arrays. Outside the
/// domain of a function its value is NaN.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> square(const Variable<T>& x);

}  // namespace detail

/// x^2. (With the other namespaces open, xtensor's function takes anything; this one is constrained.)
template <VariableType X>
auto square(X&& x) {
  return detail::square<detail::common_scalar_t<X>>(x);
}

/// 1 / x.
template <class T>
XGRAD_API Variable<T> reciprocal(const Variable<T>& x);

/// The square root; its derivative at 0 is infinite.
template <class T>
XGRAD_API Variable<T> sqrt(const Variable<T>& x);

/// What the square root has as its derivative at 0.
struct SqrtOptions {
  double derivative_at_zero = std::numeric_limits<double>::infinity();
};

/// The square root with another derivative at 0 than the infinite one: with `sqrt(x, {.derivative_at_zero =
/// 0})` a distance of 0 has gradient 0, and neither infinity nor NaN gets into what x was computed from. Its
/// derivatives of higher order at 0 are 0.
template <class T>
XGRAD_API Variable<T> sqrt(const Variable<T>& x, const SqrtOptions& options);

/// 1 / sqrt(x).
template <class T>
XGRAD_API Variable<T> rsqrt(const Variable<T>& x);

/// The cube root, of negative numbers too; its derivative at 0 is infinite.
template <class T>
XGRAD_API Variable<T> cbrt(const Variable<T>& x);

/// e^x.
template <class T>
XGRAD_API Variable<T> exp(const Variable<T>& x);

/// 2^x.
template <class T>
XGRAD_API Variable<T> exp2(const Variable<T>& x);

/// e^x - 1, exact for small x.
template <class T>
XGRAD_API Variable<T> expm1(const Variable<T>& x);

/// The natural logarithm; its derivative at 0 is infinite.
template <class T>
XGRAD_API Variable<T> log(const Variable<T>& x);

/// log(1 + x), exact for small x; its derivative at -1 is infinite.
template <class T>
XGRAD_API Variable<T> log1p(const Variable<T>& x);

/// The logarithm to base 2; its derivative at 0 is infinite.
template <class T>
XGRAD_API Variable<T> log2(const Variable<T>& x);

/// The logarithm to base 10; its derivative at 0 is infinite.
template <class T>
XGRAD_API Variable<T> log10(const Variable<T>& x);

namespace detail {

template <class T>
XGRAD_API Variable<T> where(const Array<bool>& condition, const Variable<T>& a, const Variable<T>& b);

}  // namespace detail

/// `a` where the condition holds, `b` elsewhere; all three broadcast. The condition is a boolean or integer
/// array. A branch that was not taken gets gradient 0 for the entry, even where its own derivative there
/// would be infinite or NaN.
template <class C, class A, class B>
  requires(Operand<C>&& Operands<A, B> && !Number<C>)
auto where(C&& condition, A&& a, B&& b) {
  static_assert(
      IntegerExpression<C>,
      "xgrad: the condition of where is an array of booleans or integers, e.g. where(x > 0.0, x, 0.0)");
  if constexpr (!IntegerExpression<C>)
    return Variable<detail::common_scalar_t<A, B>>();  // after an error message
  else {
    using T = detail::common_scalar_t<A, B>;
    return detail::where<T>(to_array<bool>(xt::cast<bool>(condition)), detail::lift<T>(std::forward<A>(a)),
                            detail::lift<T>(std::forward<B>(b)));
  }
}

}  // namespace xgrad
