#pragma once

#include <autodiff/kernels/window.hpp>
#include <autodiff/ops/lift.hpp>
#include <autodiff/random.hpp>

#include <optional>

/// \file
/// Pooling over windows of images {N, H, W, C} and of sequences {N, L, C}, channel by channel.
///
/// All throw ShapeError where a window does not fit, lies wholly in the padding, or the padding is more than
/// half of it; ValueError for options out of range.

namespace xgrad {

/// Which of several equal maxima in a window gets the gradient (the note's footnote 7).
enum class Ties { first, random };

/// How a pooling window moves over a sequence.
struct MaxPool1dOptions {
  std::optional<Count> stride = std::nullopt;  ///< of the window; its own extent by default
  Padding padding = 0;                         ///< places on either side, which never win
  Count dilation = 1;                          ///< distance of the window's taps
  Ties ties = Ties::first;                     ///< who gets the gradient among equals
};

/// How a pooling window moves over an image.
struct MaxPool2dOptions {
  std::optional<Size2d> stride = std::nullopt;  ///< of the window; its own extent by default
  Padding padding = 0;                          ///< places around the image, which never win
  Size2d dilation = 1;                          ///< distance of the window's taps
  Ties ties = Ties::first;                      ///< who gets the gradient among equals
};

/// How an averaging window moves over a sequence.
struct AvgPool1dOptions {
  std::optional<Count> stride = std::nullopt;  ///< of the window; its own extent by default
  Padding padding = 0;                         ///< zeros on either side
  bool count_padding = true;  ///< divide by the window's extent, or by the entries inside the sequence
};

/// How an averaging window moves over an image.
struct AvgPool2dOptions {
  std::optional<Size2d> stride = std::nullopt;  ///< of the window; its own extent by default
  Padding padding = 0;                          ///< zeros around the image
  bool count_padding = true;  ///< divide by the window's extent, or by the entries inside the image
};

/// The largest entry of each window, a NaN where there is one; the gradient goes to one of the largest (the
/// note's second appendix). Images {N, H, W, C} give {N, H', W', C}, with
/// H' = floor((H + padding - d (window - 1) - 1) / stride) + 1, padding being that of both sides. `generator`
/// breaks ties where they are broken at random.
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
