#pragma once

#include <autodiff/kernels/window.hpp>
#include <autodiff/ops/lift.hpp>

/// \file
/// Pooling to a given output size, channel by channel, of images {N, H, W, C} and sequences {N, L, C}.
///
/// All functions throw ShapeError for arrays of other shapes or without entries to pool, ValueError for a
/// size of 0.

namespace xgrad {

/// The mean of each of `size` bins: {N, size.rows, size.columns, C}. Bin i of an axis contains the indices
/// from floor(i H / size) to ceil((i + 1) H / size) - 1, as in PyTorch: bins overlap if H is not a multiple
/// of the size.
template <class T>
XGRAD_API Variable<T> adaptive_avg_pool2d(const Variable<T>& images, Size2d size);
/// The same for sequences: {N, size, C}.
template <class T>
XGRAD_API Variable<T> adaptive_avg_pool1d(const Variable<T>& sequences, Count size);

/// The largest entry of each bin, or a NaN if there is one; the first of equal maxima gets the gradient. The
/// bins are those of adaptive_avg_pool2d.
template <class T>
XGRAD_API Variable<T> adaptive_max_pool2d(const Variable<T>& images, Size2d size);
/// The same for sequences: {N, size, C}.
template <class T>
XGRAD_API Variable<T> adaptive_max_pool1d(const Variable<T>& sequences, Count size);

/// The mean of each channel, {N, C}: the input of a Linear layer. (adaptive_avg_pool2d(images, 1) keeps the
/// axes.)
template <class T>
XGRAD_API Variable<T> global_avg_pool2d(const Variable<T>& images);
/// The same for sequences.
template <class T>
XGRAD_API Variable<T> global_avg_pool1d(const Variable<T>& sequences);

/// The largest entry of each channel, {N, C}, or a NaN if there is one; the first of equal maxima gets the
/// gradient.
template <class T>
XGRAD_API Variable<T> global_max_pool2d(const Variable<T>& images);
/// The same for sequences.
template <class T>
XGRAD_API Variable<T> global_max_pool1d(const Variable<T>& sequences);

}  // namespace xgrad
