#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Hyperbolic functions and their inverses, elementwise. Outside its domain, the value and the derivative of
/// a function are NaN.

namespace xgrad {

/// (e^x - e^-x) / 2.
template <class T>
XGRAD_API Variable<T> sinh(const Variable<T>& x);

/// (e^x + e^-x) / 2.
template <class T>
XGRAD_API Variable<T> cosh(const Variable<T>& x);

/// sinh x / cosh x.
template <class T>
XGRAD_API Variable<T> tanh(const Variable<T>& x);

/// The inverse of sinh.
template <class T>
XGRAD_API Variable<T> asinh(const Variable<T>& x);

/// The nonnegative inverse of cosh; its derivative at 1 is infinite.
template <class T>
XGRAD_API Variable<T> acosh(const Variable<T>& x);

/// The inverse of tanh; infinite, with infinite derivative, at -1 and 1.
template <class T>
XGRAD_API Variable<T> atanh(const Variable<T>& x);

}  // namespace xgrad
