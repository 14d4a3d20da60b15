#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Hyperbolic functions and their inverses, entry by entry. Outside the domain of a function both value and
/// derivative are NaN.

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

/// The number whose sinh is x.
template <class T>
XGRAD_API Variable<T> asinh(const Variable<T>& x);

/// The number from 0 on whose cosh is x; its derivative at 1 is infinite.
template <class T>
XGRAD_API Variable<T> acosh(const Variable<T>& x);

/// The number whose tanh is x; infinite, with infinite derivative, at -1 and 1.
template <class T>
XGRAD_API Variable<T> atanh(const Variable<T>& x);

}  // namespace xgrad
