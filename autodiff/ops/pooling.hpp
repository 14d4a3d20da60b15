#pragma once

#include <autodiff/ops/lift.hpp>
#include <autodiff/ops/window.hpp>
#include <autodiff/random.hpp>

#include <optional>

/// \file
/// Pooling over windows of an image {N, H, W, C}, channel by channel.

namespace xgrad {

/// Which of several equal maxima in a window gets the gradient (the note's footnote 7).
enum class Ties { first, random };

/// How a pooling window moves over an image.
struct MaxPool2dOptions {
  std::optional<Pair> stride = std::nullopt;  ///< of the window; its own extent by default
  Padding padding = 0;                        ///< places around the image, which never win
  Ties ties = Ties::first;                    ///< who gets the gradient among equals
};

/// How an averaging window moves over an image.
struct AvgPool2dOptions {
  std::optional<Pair> stride = std::nullopt;  ///< of the window; its own extent by default
  Padding padding = 0;                        ///< zeros around the image
  bool count_padding = true;  ///< divide by the window's extent, or by the entries inside the image
};

/// The largest entry of each window; the gradient goes to one of the largest (the note's second appendix).
/// Images {N, H, W, C} give {N, H', W', C}. Throws ShapeError where a window does not fit the image, or the
/// padding is more than half the window; `generator` breaks ties where they are broken at random.
template <class T>
XGRAD_API Variable<T> max_pool2d(const Variable<T>& images, Pair window, const MaxPool2dOptions& options = {},
                                 Generator& generator = default_generator());

/// The mean of each window. Shapes as for max_pool2d.
template <class T>
XGRAD_API Variable<T> avg_pool2d(const Variable<T>& images, Pair window,
                                 const AvgPool2dOptions& options = {});

}  // namespace xgrad
