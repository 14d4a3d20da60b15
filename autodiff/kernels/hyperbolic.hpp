#pragma once

#include <autodiff/kernels/scaling.hpp>

/// \file
/// Hyperbolic functions of batches. xsimd's are within 4 units in the last place everywhere, except acosh
/// below 1.

namespace xgrad::kernels {

template <class T>
Batch<T> sinh(Batch<T> x) {
  return xsimd::sinh(x);
}

template <class T>
Batch<T> cosh(Batch<T> x) {
  return xsimd::cosh(x);
}

template <class T>
Batch<T> tanh(Batch<T> x) {
  return xsimd::tanh(x);
}

template <class T>
Batch<T> asinh(Batch<T> x) {
  return xsimd::asinh(x);
}

/// NaN below 1.
template <class T>
Batch<T> acosh(Batch<T> x) {
  using V = Batch<T>;
  return xsimd::select(x >= V(T(1)), xsimd::acosh(x), V(std::numeric_limits<T>::quiet_NaN()));
}

template <class T>
Batch<T> atanh(Batch<T> x) {
  return xsimd::atanh(x);
}

}  // namespace xgrad::kernels
