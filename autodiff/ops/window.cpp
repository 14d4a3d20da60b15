#include <autodiff/error.hpp>
#include <autodiff/ops/window.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace xgrad {
namespace {

/// The largest number that an option may be; products of two of them do not overflow.
constexpr std::size_t largest_option = std::numeric_limits<std::int32_t>::max();

std::size_t divide_up(std::size_t a, std::size_t b) { return a / b + (a % b != 0 ? 1 : 0); }

std::size_t difference_or_zero(std::size_t a, std::size_t b) { return a > b ? a - b : 0; }

/// As text; numbers that came from negative integers look like them again.
std::string to_string(const Pair& pair) {
  return fmt::format("{} x {}", static_cast<std::ptrdiff_t>(pair.rows),
                     static_cast<std::ptrdiff_t>(pair.columns));
}

void check_range(const char* operation, const char* option, const Pair& pair, std::size_t least) {
  if (std::min(pair.rows, pair.columns) >= least && std::max(pair.rows, pair.columns) <= largest_option)
    return;
  throw ValueError(
      fmt::format("{}: {} is {}; expected numbers from {} on", operation, option, to_string(pair), least));
}

/// The number of outputs where the window, with `padding` entries around the image in all, fits.
std::size_t output_extent(const detail::WindowAxis& axis, std::size_t padding) {
  const std::size_t reach = axis.dilation * (axis.window - 1) + 1;
  return axis.input + padding < reach ? 0 : (axis.input + padding - reach) / axis.stride + 1;
}

void pad_same(detail::WindowAxis& axis) {
  axis.output = divide_up(axis.input, axis.stride);
  if (axis.output == 0) return;
  const std::size_t reach = (axis.output - 1) * axis.stride + axis.dilation * (axis.window - 1) + 1;
  axis.before = difference_or_zero(reach, axis.input) / 2;
}

}  // namespace

Padding::Padding(const char* rule_name) {
  const std::string_view name = rule_name == nullptr ? "" : rule_name;
  if (name == "same") {
    rule = Rule::same;
  } else if (name != "valid") {
    throw ValueError(fmt::format("padding: '{}'; expected a number, a pair, 'valid' or 'same'", name));
  }
}

namespace detail {

IndexRange WindowAxis::outputs_over(std::size_t begin, std::size_t end) const {
  const std::size_t reach = dilation * (window - 1);
  const std::size_t first = divide_up(difference_or_zero(begin + before, reach), stride);
  const std::size_t last = divide_up(end + before, stride);
  return {std::min(first, output), std::min(last, output)};
}

IndexRange Window::output_rows_over(std::size_t begin, std::size_t end) const {
  if (begin >= end) return {0, 0};
  const std::size_t first_image = begin / rows.input;
  const std::size_t last_image = (end - 1) / rows.input;
  const std::size_t first = rows.outputs_over(begin - first_image * rows.input, rows.input).first;
  const std::size_t last = rows.outputs_over(0, end - last_image * rows.input).last;
  const IndexRange result{first_image * rows.output + first, last_image * rows.output + last};
  return {std::min(result.first, result.last), result.last};
}

Shape Window::output_shape(std::size_t output_channels) const {
  Shape shape{images, rows.output, columns.output, output_channels};
  element_count(shape);
  return shape;
}

Window make_window(const char* operation, const Shape& images, Pair window, Pair stride,
                   const Padding& padding, Pair dilation) {
  if (images.size() != 4) {
    throw ShapeError(
        fmt::format("{}: images of shape {}; expected {{N, H, W, C}}", operation, xgrad::to_string(images)));
  }
  check_range(operation, "the window", window, 1);
  check_range(operation, "the stride", stride, 1);
  check_range(operation, "the dilation", dilation, 1);
  check_range(operation, "the padding", padding.amount, 0);
  Window result{images[0],
                images[3],
                {images[1], window.rows, stride.rows, dilation.rows, padding.amount.rows, 0},
                {images[2], window.columns, stride.columns, dilation.columns, padding.amount.columns, 0}};
  if (padding.rule == Padding::Rule::same) {
    pad_same(result.rows);
    pad_same(result.columns);
    return result;
  }
  for (WindowAxis* axis : {&result.rows, &result.columns}) {
    axis->output = output_extent(*axis, 2 * axis->before);
    if (axis->output > 0) continue;
    throw ShapeError(fmt::format(
        "{}: a window of {}, dilation {}, does not fit into images {} with padding {}", operation,
        to_string(window), to_string(dilation), xgrad::to_string(images), to_string(padding.amount)));
  }
  return result;
}

}  // namespace detail

}  // namespace xgrad
