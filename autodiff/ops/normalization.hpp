#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Normalisation over a batch.

namespace xgrad {

/// The moments of each channel, the last axis, over all other axes.
template <class T>
struct Moments {
  Array<T> mean;      ///< {C}
  Array<T> variance;  ///< {C}: the mean of squared deviations
};

/// Batch normalisation (Ioffe and Szegedy, 2015): each channel, an entry of the last axis of x {..., C}, with
/// the mean mu and the variance s^2 (the mean of squared deviations) that it has over all other axes,
///
///     y = (x - mu) / sqrt(s^2 + epsilon) * weight + bias
///
/// weight and bias are {C}. `moments`, where it is given, receives mu and s^2. Throws ShapeError where the
/// shapes do not fit or there is nothing to take a mean of, ValueError for an epsilon that is negative or not
/// finite.
template <class T>
XGRAD_API Variable<T> batch_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                                 double epsilon = 1e-5, Moments<T>* moments = nullptr);

/// The same with moments that are known, such as running ones at test time, instead of the batch's own: a
/// linear map of x.
template <class T>
XGRAD_API Variable<T> batch_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                                 const Moments<T>& known, double epsilon = 1e-5);

}  // namespace xgrad
