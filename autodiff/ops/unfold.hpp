#pragma once

#include <autodiff/kernels/window.hpp>
#include <autodiff/ops/lift.hpp>

/// \file
/// Conversion of images to the columns of their windows, and back (im2col and col2im).

namespace xgrad {

/// Options for unfold and fold.
struct UnfoldOptions {
  Size2d stride = 1;    ///< of the window, rows and columns
  Padding padding = 0;  ///< zeros around the image: a number, a pair, `valid` or `same`
  Size2d dilation = 1;  ///< distance between the window's taps
};

/// The entries under each window: images {N, H, W, C} give {N, H', W', kH kW C}, with H' and W' as for
/// conv2d. Index (u kW + v) C + c of the last axis is tap (u, v) of channel c, the order of conv2d's weight:
/// conv2d(x, w, b) is linear(unfold(x, {kH, kW}), reshape(w, {O, -1}), b). (PyTorch has the channel
/// outermost, and one axis for all windows.)
///
/// Throws ShapeError if the window does not fit, ValueError for options out of range.
template <class T>
XGRAD_API Variable<T> unfold(const Variable<T>& images, Size2d window, const UnfoldOptions& options = {});

/// The adjoint of unfold: columns {N, H', W', kH kW C} give images {N, size.rows, size.columns, C}, in which
/// overlapping entries add up. fold(unfold(x)) is each entry of x times the number of windows over it.
///
/// Throws ShapeError if H', W' are not those of unfold for images of this size, or the extent of the last
/// axis is not a multiple of kH kW; ValueError for options out of range.
template <class T>
XGRAD_API Variable<T> fold(const Variable<T>& columns, Size2d size, Size2d window,
                           const UnfoldOptions& options = {});

}  // namespace xgrad
