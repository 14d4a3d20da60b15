#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Batch normalisation.

namespace xgrad {

/// The mean and the variance of each channel, an index of the last axis, over all other axes.
template <class T>
struct Moments {
  Array<T> mean;      ///< {C}
  Array<T> variance;  ///< {C}: the mean of squared deviations
};

/// Batch normalisation (Ioffe and Szegedy, 2015) of each channel, an index of the last axis of x {..., C}, by
/// its mean mu and its variance s^2 (the mean of squared deviations) over all other axes,
///
///     y = (x - mu) / sqrt(s^2 + epsilon) * weight + bias
///
/// weight and bias are {C}. `moments`, if given, receives mu and s^2. Throws ShapeError if the shapes do not
/// match or there are no entries to average, ValueError for an epsilon that is negative or not finite.
template <class T>
XGRAD_API Variable<T> batch_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                                 double epsilon = 1e-5, Moments<T>* moments = nullptr);

/// The same with given moments, such as running averages at test time, instead of those of the batch: an
/// affine function of x.
template <class T>
XGRAD_API Variable<T> batch_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                                 const Moments<T>& known, double epsilon = 1e-5);

}  // namespace xgrad
