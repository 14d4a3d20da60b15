#pragma once

#include <autodiff/ops/lift.hpp>

#include <limits>

/// \file
/// Elementwise powers, roots, exponentials and logarithms, and `where`, the choice between two arrays.
/// Outside its domain, the value of a function is NaN.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> square(const Variable<T>& x);

}  // namespace detail

/// x^2. (Constrained, because xtensor's function accepts any type if its namespace is open too.)
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

/// Options for sqrt: its derivative at 0.
struct SqrtOptions {
  double derivative_at_zero = std::numeric_limits<double>::infinity();  ///< by default the exact one
};

/// The square root with a given derivative at 0. With `sqrt(x, {.derivative_at_zero = 0})` a distance of 0
/// has gradient 0, and neither infinity nor NaN reaches the variables that x was computed from. The
/// derivatives of higher order at 0 are 0.
template <class T>
XGRAD_API Variable<T> sqrt(const Variable<T>& x, const SqrtOptions& options);

/// 1 / sqrt(x).
template <class T>
XGRAD_API Variable<T> rsqrt(const Variable<T>& x);

/// The cube root, also of negative numbers; its derivative at 0 is infinite.
template <class T>
XGRAD_API Variable<T> cbrt(const Variable<T>& x);

/// e^x.
template <class T>
XGRAD_API Variable<T> exp(const Variable<T>& x);

/// 2^x.
template <class T>
XGRAD_API Variable<T> exp2(const Variable<T>& x);

/// e^x - 1, accurate for small x.
template <class T>
XGRAD_API Variable<T> expm1(const Variable<T>& x);

/// The natural logarithm; its derivative at 0 is infinite.
template <class T>
XGRAD_API Variable<T> log(const Variable<T>& x);

/// log(1 + x), accurate for small x; its derivative at -1 is infinite.
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
/// array. The branch not taken gets gradient 0 for an entry, even if its own derivative there is infinite or
/// NaN.
template <class C, class A, class B>
  requires(Operand<C> && Operands<A, B> && !Number<C>)
auto where(C&& condition, A&& a, B&& b) {
  static_assert(
      IntegerExpression<C>,
      "xgrad: the condition of where must be an array of booleans or integers, e.g. where(x > 0.0, x, 0.0)");
  if constexpr (!IntegerExpression<C>)
    return Variable<detail::common_scalar_t<A, B>>();  // only after the assertion failed
  else {
    using T = detail::common_scalar_t<A, B>;
    return detail::where<T>(to_array<bool>(xt::cast<bool>(condition)), detail::lift<T>(std::forward<A>(a)),
                            detail::lift<T>(std::forward<B>(b)));
  }
}

}  // namespace xgrad
