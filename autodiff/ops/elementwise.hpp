#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Functions of one number, applied to every entry, and the choice between two.

namespace xgrad {

/// e^x.
template <class T>
XGRAD_API Variable<T> exp(const Variable<T>& x);

/// The natural logarithm; its derivative at 0 is infinite.
template <class T>
XGRAD_API Variable<T> log(const Variable<T>& x);

/// sin x, x in radians.
template <class T>
XGRAD_API Variable<T> sin(const Variable<T>& x);

/// cos x, x in radians.
template <class T>
XGRAD_API Variable<T> cos(const Variable<T>& x);

/// The square root; its derivative at 0 is infinite.
template <class T>
XGRAD_API Variable<T> sqrt(const Variable<T>& x);

/// x^2.
template <class T>
XGRAD_API Variable<T> square(const Variable<T>& x);

/// The hyperbolic tangent.
template <class T>
XGRAD_API Variable<T> tanh(const Variable<T>& x);

/// The logistic function 1 / (1 + e^-x), which neither overflows nor loses its small values.
template <class T>
XGRAD_API Variable<T> sigmoid(const Variable<T>& x);

/// max(x, 0), with derivative 1 for x >= 0 (the note's second appendix).
template <class T>
XGRAD_API Variable<T> relu(const Variable<T>& x);

/// The same in the memory of x, where nobody else has that: relu(conv2d(...)).
template <class T>
XGRAD_API Variable<T> relu(Variable<T>&& x);

namespace detail {

template <class T>
XGRAD_API Variable<T> where(const Array<bool>& condition, const Variable<T>& a, const Variable<T>& b);

}  // namespace detail

/// `a` where the condition holds, `b` elsewhere; all three broadcast. The condition is a boolean or integer
/// array. A branch that was not taken gets gradient 0 for the entry, even where its own derivative there
/// would be infinite or NaN.
template <Expression C, class A, class B>
  requires Operands<A, B>
auto where(C&& condition, A&& a, B&& b) {
  static_assert(IntegerExpression<C>,
                "xgrad: the condition of where is an array of booleans or integers, e.g. array > 0.0");
  using T = detail::common_scalar_t<A, B>;
  return detail::where<T>(to_array<bool>(xt::cast<bool>(condition)), detail::lift<T>(std::forward<A>(a)),
                          detail::lift<T>(std::forward<B>(b)));
}

}  // namespace xgrad
