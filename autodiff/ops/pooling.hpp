#pragma once

#include <autodiff/kernels/window.hpp>
#include <autodiff/ops/lift.hpp>
#include <autodiff/random.hpp>

#include <optional>

/// \file
/// Pooling over sliding windows of images {N, H, W, C} and sequences {N, L, C}, channel by channel.
///
/// All functions throw ShapeError if a window does not fit or lies entirely in the padding, or if the padding
/// exceeds half of the window; ValueError for options out of range.

namespace xgrad {

/// Which of several equal maxima in a window gets the gradient (the note's footnote 7).
enum class Ties { first, random };

/// Options for max_pool1d.
struct MaxPool1dOptions {
  std::optional<Count> stride = std::nullopt;  ///< of the window; by default its extent
  Padding padding = 0;                         ///< positions on either side, never the maximum
  Count dilation = 1;                          ///< distance between the window's taps
  Ties ties = Ties::first;                     ///< which of equal maxima gets the gradient
};

/// Options for max_pool2d.
struct MaxPool2dOptions {
  std::optional<Size2d> stride = std::nullopt;  ///< of the window; by default its extent
  Padding padding = 0;                          ///< positions around the image, never the maximum
  Size2d dilation = 1;                          ///< distance between the window's taps
  Ties ties = Ties::first;                      ///< which of equal maxima gets the gradient
};

/// Options for avg_pool1d.
struct AvgPool1dOptions {
  std::optional<Count> stride = std::nullopt;  ///< of the window; by default its extent
  Padding padding = 0;                         ///< zeros on either side
  bool count_padding = true;  ///< divide by the window's extent; otherwise by the entries inside the sequence
};

/// Options for avg_pool2d.
struct AvgPool2dOptions {
  std::optional<Size2d> stride = std::nullopt;  ///< of the window; by default its extent
  Padding padding = 0;                          ///< zeros around the image
  bool count_padding = true;  ///< divide by the window's extent; otherwise by the entries inside the image
};

/// The largest entry of each window, or a NaN if there is one; the gradient goes to one of the largest
/// entries (the note's second appendix). Images {N, H, W, C} give {N, H', W', C}, with
/// H' = floor((H + padding - d (window - 1) - 1) / stride) + 1, padding being the total of both sides.
/// `generator` breaks ties if `ties` is random.
template <class T>
XGRAD_API Variable<T> max_pool2d(const Variable<T>& images, Size2d window,
                                 const MaxPool2dOptions& options = {},
                                 Generator& generator = default_generator());

/// max_pool2d with one axis: sequences {N, L, C} give {N, L', C}.
template <class T>
XGRAD_API Variable<T> max_pool1d(const Variable<T>& sequences, Count window,
                                 const MaxPool1dOptions& options = {},
                                 Generator& generator = default_generator());

/// The mean of each window. Shapes as for max_pool2d.
template <class T>
XGRAD_API Variable<T> avg_pool2d(const Variable<T>& images, Size2d window,
                                 const AvgPool2dOptions& options = {});

/// avg_pool2d with one axis: sequences {N, L, C} give {N, L', C}.
template <class T>
XGRAD_API Variable<T> avg_pool1d(const Variable<T>& sequences, Count window,
                                 const AvgPool1dOptions& options = {});

}  // namespace xgrad
