#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/functions.hpp>

#include <vector>

/// \file
/// The gamma function and its relatives, computed in double one number at a time.

namespace xgrad::kernels {

/// log |Gamma(x)|.
double lgamma(double x);

/// The derivative of log Gamma(x).
double digamma(double x);

/// The derivative of order n + 1 of log Gamma(x); n is 0 or more.
class Polygamma {
 public:
  explicit Polygamma(int n);

  double operator()(double x) const;

  template <class T>
  Batch<T> operator()(const Batch<T>& x) const {
    return per_lane([this](T p) { return (*this)(static_cast<double>(p)); }, x);
  }

 private:
  double of_positive(double x) const;

  int n_;
  double factorial_;
  /// The n-th derivative of pi cot(pi x) as a polynomial in cot(pi x), constant term first.
  std::vector<double, PoolAllocator<double>> cotangent_;
};

template <class T>
Batch<T> lgamma(Batch<T> x) {
  return per_lane([](T p) { return lgamma(static_cast<double>(p)); }, x);
}

template <class T>
Batch<T> digamma(Batch<T> x) {
  return per_lane([](T p) { return digamma(static_cast<double>(p)); }, x);
}

}  // namespace xgrad::kernels
