#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <cstddef>

/// \file
/// The geometry that convolution and pooling share.

namespace xgrad {

/// Two extents, rows and columns; one number stands for both.
struct Pair {
  constexpr Pair(std::size_t both) : rows(both), columns(both) {}
  constexpr Pair(int both) : Pair(static_cast<std::size_t>(both)) {}
  constexpr Pair(std::size_t r, std::size_t c) : rows(r), columns(c) {}
  std::size_t rows;
  std::size_t columns;
  bool operator==(const Pair&) const = default;
};

/// What lies around an image: a number of entries on each side, rows and columns, or a rule. `same` gives
/// ceil(extent / stride) results along each axis; where the padding is odd, the larger half lies behind.
struct Padding {
  enum class Rule { fixed, same };
  constexpr Padding(Pair p) : amount(p) {}
  constexpr Padding(std::size_t both) : amount(both) {}
  constexpr Padding(int both) : amount(both) {}
  constexpr Padding(std::size_t rows, std::size_t columns) : amount(rows, columns) {}
  /// "valid" (none) or "same"; throws ValueError for any other word.
  XGRAD_API Padding(const char* rule);
  Pair amount = 0;
  Rule rule = Rule::fixed;
};

namespace detail {

/// The indices [first, last).
struct IndexRange {
  std::size_t first;
  std::size_t last;
  bool operator==(const IndexRange&) const = default;
};

/// One axis of a sliding window: tap u of output i lies on entry i stride + u dilation - before of the image.
struct WindowAxis {
  std::size_t input;   ///< extent of the image
  std::size_t window;  ///< number of taps
  std::size_t stride;
  std::size_t dilation;
  std::size_t before;  ///< padding in front; what lies behind follows from `output`
  std::size_t output;  ///< extent of the result

  /// The entry under a tap that lies inside the image.
  std::size_t entry(std::size_t i, std::size_t tap) const { return i * stride + tap * dilation - before; }

  /// The taps of output i that lie on the entries [begin, end) of the image.
  IndexRange taps(std::size_t i, std::size_t begin, std::size_t end) const {
    const std::size_t start = i * stride;  // of the window, counted from the first entry of the padding
    return {taps_before(begin + before, start), taps_before(end + before, start)};
  }

  /// The taps of output i that lie inside the image.
  IndexRange taps(std::size_t i) const { return taps(i, 0, input); }

  /// Outputs among which are all those with a tap on the entries [begin, end) of the image.
  IndexRange outputs_over(std::size_t begin, std::size_t end) const;

  bool operator==(const WindowAxis&) const = default;

 private:
  /// How many taps of the window that starts at `start` lie in front of `place`.
  std::size_t taps_before(std::size_t place, std::size_t start) const {
    if (place <= start) return 0;
    const std::size_t count = dilation == 1 ? place - start : (place - start + dilation - 1) / dilation;
    return count < window ? count : window;
  }
};

/// A sliding window over images {N, rows.input, columns.input, channels}.
struct Window {
  std::size_t images;
  std::size_t channels;
  WindowAxis rows;
  WindowAxis columns;

  /// The outputs, over all images and rows, among which are all those with a tap on the image rows
  /// [begin, end), counted over all images: what a thread needs that owns these rows.
  IndexRange output_rows_over(std::size_t begin, std::size_t end) const;

  /// The shape of the images.
  Shape input_shape() const { return {images, rows.input, columns.input, channels}; }

  /// The shape of a result with so many channels; throws ShapeError where it has too many entries.
  Shape output_shape(std::size_t output_channels) const;

  bool operator==(const Window&) const = default;
};

/// The window of an operation over images {N, H, W, C}; `same` gives ceil(extent / stride) results, the
/// padding split with the larger half behind. Throws ShapeError or ValueError, naming the operation.
Window make_window(const char* operation, const Shape& images, Pair window, Pair stride,
                   const Padding& padding, Pair dilation);

}  // namespace detail

}  // namespace xgrad
