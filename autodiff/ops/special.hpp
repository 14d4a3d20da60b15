#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// The error function, the logarithm of the gamma function, and its derivatives, elementwise.

namespace xgrad {

/// The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
template <class T>
XGRAD_API Variable<T> erf(const Variable<T>& x);

/// 1 - erf(x), accurate for large x; results below the normal numbers are 0.
template <class T>
XGRAD_API Variable<T> erfc(const Variable<T>& x);

/// log |Gamma(x)|, infinite at 0, -1, -2, ...; its derivative is digamma(x).
template <class T>
XGRAD_API Variable<T> lgamma(const Variable<T>& x);

/// The derivative of log Gamma(x). NaN at its poles -1, -2, ...; infinite with the sign of -x at 0.
template <class T>
XGRAD_API Variable<T> digamma(const Variable<T>& x);

/// The derivative of digamma of the given order >= 0: polygamma(0, x) is digamma(x), polygamma(1, x) is also
/// called trigamma. At the poles 0, -1, -2, ... it is infinite for an odd order and NaN for an even one (at 0
/// infinite with the sign of -x). Throws ValueError for a negative order.
template <class T>
XGRAD_API Variable<T> polygamma(int order, const Variable<T>& x);

}  // namespace xgrad
