#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <cstddef>

/// \file
/// The geometry that convolution and pooling share.

namespace xgrad {

/// Two extents, rows and columns; one number stands for both.
struct Pair {
  constexpr Pair(std::size_t both) : rows(both), columns(both) {}     // NOLINT
  constexpr Pair(int both) : Pair(static_cast<std::size_t>(both)) {}  // NOLINT
  constexpr Pair(std::size_t r, std::size_t c) : rows(r), columns(c) {}
  std::size_t rows;
  std::size_t columns;
  bool operator==(const Pair&) const = default;
};

/// What lies around an image: a number of entries on each side, rows and columns, or a rule.
struct Padding {
  enum class Rule { fixed, same };
  constexpr Padding(Pair p) : amount(p) {}               // NOLINT
  constexpr Padding(std::size_t both) : amount(both) {}  // NOLINT
  constexpr Padding(int both) : amount(both) {}          // NOLINT
  constexpr Padding(std::size_t rows, std::size_t columns) : amount(rows, columns) {}
  /// "valid" (none) or "same"; throws ValueError for any other word.
  XGRAD_API Padding(const char* rule);  // NOLINT
  Pair amount = 0;
  Rule rule = Rule::fixed;
};

namespace detail {

/// One axis of a sliding window.
struct WindowAxis {
  std::size_t input;   ///< extent of the image
  std::size_t window;  ///< extent of the kernel
  std::size_t stride;
  std::size_t dilation;
  std::size_t before;  ///< padding in front; what lies behind follows from `output`
  std::size_t output;  ///< extent of the result
  bool operator==(const WindowAxis&) const = default;
};

/// A sliding window over images {N, rows.input, columns.input, channels}.
struct Window {
  std::size_t images;
  std::size_t channels;
  WindowAxis rows;
  WindowAxis columns;
  bool operator==(const Window&) const = default;
};

/// The window of an operation over images {N, H, W, C}; `same` gives ceil(extent / stride) results, the
/// padding split with the larger half behind. Throws ShapeError or ValueError, naming the operation.
Window make_window(const char* operation, const Shape& images, Pair window, Pair stride,
                   const Padding& padding, Pair dilation);

}  // namespace detail

}  // namespace xgrad
