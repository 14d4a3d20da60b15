#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// The error function and the gamma function's family, entry by entry.

namespace xgrad {

/// The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
template <class T>
XGRAD_API Variable<T> erf(const Variable<T>& x);

/// 1 - erf(x), which keeps its small values; 0 from where they are no normal numbers.
template <class T>
XGRAD_API Variable<T> erfc(const Variable<T>& x);

/// log |Gamma(x)|, infinite at 0, -1, -2, ...; its derivative is digamma(x).
template <class T>
XGRAD_API Variable<T> lgamma(const Variable<T>& x);

/// The derivative of log Gamma(x). At its poles -1, -2, ... it is NaN, at 0 infinite with the sign of -x.
template <class T>
XGRAD_API Variable<T> digamma(const Variable<T>& x);

/// The derivative of digamma of this order, 0 or more: polygamma(0, x) is digamma(x), polygamma(1, x) is also
/// called trigamma. At the poles 0, -1, -2, ... an odd order is infinite and an even one NaN (at 0 infinite
/// with the sign of -x). Throws ValueError for a negative order.
template <class T>
XGRAD_API Variable<T> polygamma(int order, const Variable<T>& x);

}  // namespace xgrad
