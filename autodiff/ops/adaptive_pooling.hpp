#pragma once

#include <autodiff/kernels/window.hpp>
#include <autodiff/ops/lift.hpp>

/// \file
/// Pooling to a size that does not depend on the images', channel by channel: images {N, H, W, C}, sequences
/// {N, L, C}.
///
/// All throw ShapeError for arrays of other shapes, or with nothing to pool; ValueError for a size of 0.

namespace xgrad {

/// The mean of each of `size` bins: {N, size.rows, size.columns, C}. Bin i of an axis holds the entries from
/// floor(i H / size) to ceil((i + 1) H / size), PyTorch's rule: bins overlap where H is no multiple of the
/// size.
template <class T>
XGRAD_API Variable<T> adaptive_avg_pool2d(const Variable<T>& images, Size2d size);
/// The same of sequences: {N, size, C}.
template <class T>
XGRAD_API Variable<T> adaptive_avg_pool1d(const Variable<T>& sequences, Count size);

/// The largest entry of each bin, a NaN where there is one; the first of equals gets the gradient. Bins as
/// for adaptive_avg_pool2d.
template <class T>
XGRAD_API Variable<T> adaptive_max_pool2d(const Variable<T>& images, Size2d size);
/// The same of sequences: {N, size, C}.
template <class T>
XGRAD_API Variable<T> adaptive_max_pool1d(const Variable<T>& sequences, Count size);

/// The mean of each channel, {N, C}: what goes into a Linear layer. (adaptive_avg_pool2d(images, 1) keeps the
/// axes.)
template <class T>
XGRAD_API Variable<T> global_avg_pool2d(const Variable<T>& images);
/// The same of sequences.
template <class T>
XGRAD_API Variable<T> global_avg_pool1d(const Variable<T>& sequences);

/// The largest entry of each channel, {N, C}, a NaN where there is one; the first of equals gets the
/// gradient.
template <class T>
XGRAD_API Variable<T> global_max_pool2d(const Variable<T>& images);
/// The same of sequences.
template <class T>
XGRAD_API Variable<T> global_max_pool1d(const Variable<T>& sequences);

}  // namespace xgrad
