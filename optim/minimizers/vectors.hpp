#pragma once

#include <autodiff/array.hpp>

#include <cmath>
#include <cstddef>

/// \file
/// Vector operations on arrays; sums are accumulated in double. Not installed.

namespace xgrad::optim::detail {

template <class T>
double dot(const Array<T>& a, const Array<T>& b) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a.data()[i]) * static_cast<double>(b.data()[i]);
  return sum;
}

template <class T>
double norm(const Array<T>& a) {
  return std::sqrt(dot(a, a));
}

/// y <- y + factor x
template <class T>
void add(Array<T>& y, double factor, const Array<T>& x) {
  const T f = static_cast<T>(factor);
  for (std::size_t i = 0; i < y.size(); ++i) y.data()[i] += f * x.data()[i];
}

/// y + factor x
template <class T>
Array<T> plus(Array<T> y, double factor, const Array<T>& x) {
  add(y, factor, x);
  return y;
}

/// factor x
template <class T>
Array<T> times(double factor, Array<T> x) {
  for (T& each : x) each *= static_cast<T>(factor);
  return x;
}

}  // namespace xgrad::optim::detail
