#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>

/// \file
/// The geometry of windows in convolution and pooling.

namespace xgrad {

/// A non-negative number, given as an integer of any type. A negative one is rejected by the operation that
/// receives it.
struct Count {
  template <std::integral I>
  constexpr Count(I number) : value(static_cast<std::size_t>(number)) {}
  constexpr operator std::size_t() const { return value; }
  std::size_t value;  ///< the number; a negative one wraps around to a large one
};

/// Two extents, for rows and columns; one number sets both.
struct Size2d {
  template <std::integral I>
  constexpr Size2d(I both) : Size2d(both, both) {}
  template <std::integral I, std::integral J>
  constexpr Size2d(I r, J c) : rows(static_cast<std::size_t>(r)), columns(static_cast<std::size_t>(c)) {}
  std::size_t rows;     ///< extent of the axis of rows
  std::size_t columns;  ///< extent of the axis of columns
  bool operator==(const Size2d&) const = default;
};

/// The padding around an image: the number of entries on each side, for rows and columns, or a rule. With
/// `same` there are ceil(extent / stride) results along each axis; if the padding is odd, the larger half is
/// at the end. Sequences, which have one axis, take a number or a rule.
struct Padding {
  /// How the number of entries is determined: `fixed`, by `amount`, or `same`, by the extents.
  enum class Rule { fixed, same };
  constexpr Padding(Size2d p) : amount(p) {}
  template <std::integral I>
  constexpr Padding(I both) : amount(both) {}
  template <std::integral I, std::integral J>
  constexpr Padding(I rows, J columns) : amount(rows, columns) {}
  /// "valid" (none) or "same"; throws ValueError for any other string.
  XGRAD_API Padding(const char* rule);
  Size2d amount = 0;        ///< number of entries on each side, with the rule `fixed`
  Rule rule = Rule::fixed;  ///< `same` ignores `amount`
};

namespace detail {

/// The indices [first, last).
struct IndexRange {
  std::size_t first;
  std::size_t last;
  bool operator==(const IndexRange&) const = default;
};

/// One axis of a sliding window: tap u of output i is at entry i stride + u dilation - before of the image.
struct WindowAxis {
  std::size_t input;   ///< extent of the image
  std::size_t window;  ///< number of taps
  std::size_t stride;
  std::size_t dilation;
  std::size_t before;  ///< padding at the start; that at the end follows from `output`
  std::size_t output;  ///< extent of the result

  /// The number of entries from the first to the last tap, both included.
  std::size_t reach() const { return dilation * (window - 1) + 1; }

  /// The entry under a tap that lies inside the image.
  std::size_t entry(std::size_t i, std::size_t tap) const { return i * stride + tap * dilation - before; }

  /// The taps of output i that lie on the entries [begin, end) of the image.
  IndexRange taps(std::size_t i, std::size_t begin, std::size_t end) const {
    const std::size_t start = i * stride;  // of the window, counted from the first entry of the padding
    return {taps_before(begin + before, start), taps_before(end + before, start)};
  }

  /// The taps of output i that lie inside the image.
  IndexRange taps(std::size_t i) const { return taps(i, 0, input); }

  /// A range of outputs that includes all those with a tap on the entries [begin, end) of the image.
  IndexRange outputs_over(std::size_t begin, std::size_t end) const;

  bool operator==(const WindowAxis&) const = default;

 private:
  /// The number of taps before `place` of the window that starts at `start`.
  std::size_t taps_before(std::size_t place, std::size_t start) const {
    if (place <= start) return 0;
    const std::size_t count = dilation == 1 ? place - start : (place - start + dilation - 1) / dilation;
    return count < window ? count : window;
  }
};

/// One axis that is divided into bins, which cover it and may overlap: bin i holds the entries
/// [floor(i input / output), ceil((i + 1) input / output)). Its entries are the taps of a window.
struct BinAxis {
  std::size_t input;   ///< extent of the image
  std::size_t output;  ///< number of bins
  std::size_t window;  ///< upper bound of a bin's entries
  static constexpr std::size_t dilation = 1;

  BinAxis(std::size_t extent, std::size_t bins)
      : input(extent), output(bins), window(std::min(extent, extent / bins + 2)) {}

  std::size_t entry(std::size_t i, std::size_t tap) const { return i * input / output + tap; }

  /// The taps of bin i that lie on the entries [begin, end) of the image.
  IndexRange taps(std::size_t i, std::size_t begin, std::size_t end) const {
    const std::size_t first = entry(i, 0);
    const std::size_t last = ((i + 1) * input + output - 1) / output;
    return {std::clamp(begin, first, last) - first, std::clamp(end, first, last) - first};
  }
  IndexRange taps(std::size_t i) const { return taps(i, 0, input); }

  /// The bins that have an entry among [begin, end) of the image.
  IndexRange outputs_over(std::size_t begin, std::size_t end) const {
    return {begin * output / input, (end * output + input - 1) / input};
  }
};

/// A window that slides over images {N, rows.input, columns.input, channels}.
template <class Axis>
struct SlidingWindow {
  std::size_t images;
  std::size_t channels;
  Axis rows;
  Axis columns;

  /// A range of output rows that includes all those with a tap on the image rows [begin, end), both counted
  /// over all images: the outputs that a thread needs if it owns these image rows.
  IndexRange output_rows_over(std::size_t begin, std::size_t end) const {
    if (begin >= end) return {0, 0};
    const std::size_t first_image = begin / rows.input;
    const std::size_t last_image = (end - 1) / rows.input;
    const std::size_t first = rows.outputs_over(begin - first_image * rows.input, rows.input).first;
    const std::size_t last = rows.outputs_over(0, end - last_image * rows.input).last;
    const IndexRange result{first_image * rows.output + first, last_image * rows.output + last};
    return {std::min(result.first, result.last), result.last};
  }

  std::size_t place_count() const { return images * rows.output * columns.output; }
  std::size_t tap_count() const { return rows.window * columns.window; }  ///< of one channel

  /// The shape of the images.
  Shape input_shape() const { return {images, rows.input, columns.input, channels}; }

  /// The shape of a result with this number of channels; throws ShapeError if it has too many entries.
  Shape output_shape(std::size_t output_channels) const {
    Shape shape{images, rows.output, columns.output, output_channels};
    element_count(shape);
    return shape;
  }

  bool operator==(const SlidingWindow&) const = default;
};

using Window = SlidingWindow<WindowAxis>;

/// Options for the windows of an operation. Sequences {N, L, C} are images of one row; of each pair, they use
/// `columns`.
struct WindowOptions {
  Size2d window;
  Size2d stride;
  Padding padding;
  Size2d dilation = 1;
};

/// A number for the single axis of sequences, as a pair.
constexpr Size2d along(Count number) { return {1, number.value}; }

/// The shape of an array of images with `axes` axes between the first and the last: 2, or 1, which omits the
/// rows.
Shape with_axes(std::size_t axes, const Shape& images);

/// The name, for messages, of arrays with `axes` axes between the first and the last.
const char* noun(std::size_t axes);

/// One or two extents as text; numbers converted from negative integers are printed as negative.
std::string extents(std::size_t axes, const Size2d& pair);

/// Throws ValueError if one of the numbers is below `least` or above 2^31 - 1.
void check_range(const char* operation, const char* option, std::size_t axes, const Size2d& pair,
                 std::size_t least);

/// Throws ShapeError if the shape is not that of images {N, H, W, C} or, for one axis, of sequences
/// {N, L, C}.
void check_images(const char* operation, std::size_t axes, const Shape& images);

/// The window of an operation over images or sequences. With `same` there are ceil(extent / stride) results,
/// and the larger half of the padding is at the end. Throws ShapeError or ValueError, naming the operation.
Window make_window(const char* operation, std::size_t axes, const Shape& images,
                   const WindowOptions& options);

/// The window of a transposed operation, which maps images of the wanted extents to `images`. The wanted
/// extents are (extent - 1) stride - 2 padding + dilation (window - 1) + 1 + more; with `same`, extent
/// stride. The caller sets the channels.
Window make_transposed_window(const char* operation, std::size_t axes, const Shape& images,
                              const WindowOptions& options, Size2d more);

}  // namespace detail

}  // namespace xgrad
