#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Trigonometric functions and their inverses, elementwise, in radians. Outside its domain, the value and the
/// derivative of a function are NaN.

namespace xgrad {

/// sin x.
template <class T>
XGRAD_API Variable<T> sin(const Variable<T>& x);

/// cos x.
template <class T>
XGRAD_API Variable<T> cos(const Variable<T>& x);

/// tan x.
template <class T>
XGRAD_API Variable<T> tan(const Variable<T>& x);

/// The angle in [-pi/2, pi/2] whose sine is x; its derivative at -1 and 1 is infinite.
template <class T>
XGRAD_API Variable<T> asin(const Variable<T>& x);

/// The angle in [0, pi] whose cosine is x; its derivative at -1 and 1 is minus infinity.
template <class T>
XGRAD_API Variable<T> acos(const Variable<T>& x);

/// The angle in (-pi/2, pi/2) whose tangent is x.
template <class T>
XGRAD_API Variable<T> atan(const Variable<T>& x);

/// The angle in [-pi, pi] between the first axis and the point (x, y), with broadcasting. At the origin,
/// where the angle has no derivatives, both are 0.
template <class T>
XGRAD_API Variable<T> atan2(const Variable<T>& y, const Variable<T>& x);

template <class Y, class X>
  requires Operands<Y, X>
auto atan2(Y&& y, X&& x) {
  using T = detail::common_scalar_t<Y, X>;
  return detail::call<T>([](const Variable<T>& u, const Variable<T>& v) { return atan2(u, v); },
                         std::forward<Y>(y), std::forward<X>(x));
}

}  // namespace xgrad
