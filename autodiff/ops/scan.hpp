#pragma once

#include <autodiff/ops/lift.hpp>
#include <autodiff/ops/shape.hpp>

/// \file
/// Cumulative sums, products and log-sum-exps along one axis, or over all entries in row-major order as one
/// axis. The result has one entry for each entry of x. Negative axes count from the last; an axis out of
/// range throws ShapeError.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> cumsum(const Variable<T>& x, std::ptrdiff_t axis);
template <class T>
XGRAD_API Variable<T> cumprod(const Variable<T>& x, std::ptrdiff_t axis);
template <class T>
XGRAD_API Variable<T> cumlogsumexp(const Variable<T>& x, std::ptrdiff_t axis);

}  // namespace detail

// These mirror xtensor's functions of the same names, and are more specialised.

/// y_k = x_0 + ... + x_k, added in sequence in double: the error of y_k is at most k 2^-53 times the sum of
/// the magnitudes, plus half a unit in the last place.
template <class T>
Variable<T> cumsum(Variable<T> x, std::ptrdiff_t axis) {
  return detail::cumsum<T>(x, axis);
}
template <class T>
Variable<T> cumsum(Variable<T> x) {
  return detail::cumsum<T>(reshape(x, {-1}), 0);
}

/// y_k = x_0 ... x_k, multiplied in sequence in double. The derivatives are also correct if entries are zero.
template <class T>
Variable<T> cumprod(Variable<T> x, std::ptrdiff_t axis) {
  return detail::cumprod<T>(x, axis);
}
template <class T>
Variable<T> cumprod(Variable<T> x) {
  return detail::cumprod<T>(reshape(x, {-1}), 0);
}

/// y_k = log(exp(x_0) + ... + exp(x_k)), without overflow. Where y_k is -infinity, its gradient is 0; where
/// it is infinity, its gradient is NaN.
template <class T>
Variable<T> cumlogsumexp(Variable<T> x, std::ptrdiff_t axis) {
  return detail::cumlogsumexp<T>(x, axis);
}
template <class T>
Variable<T> cumlogsumexp(Variable<T> x) {
  return detail::cumlogsumexp<T>(reshape(x, {-1}), 0);
}

}  // namespace xgrad
