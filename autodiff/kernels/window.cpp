#include <autodiff/error.hpp>
#include <autodiff/kernels/window.hpp>

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <string_view>

namespace xgrad {
namespace {

/// The largest value of an option; products of two such values do not overflow.
constexpr std::size_t largest_option = std::numeric_limits<std::int32_t>::max();

std::size_t divide_up(std::size_t a, std::size_t b) { return a / b + (a % b != 0 ? 1 : 0); }

std::size_t difference_or_zero(std::size_t a, std::size_t b) { return a > b ? a - b : 0; }

/// The number of outputs with `padding` entries around the image in total; 0 if the window does not fit.
std::size_t output_extent(const detail::WindowAxis& axis, std::size_t padding) {
  return axis.input + padding < axis.reach() ? 0 : (axis.input + padding - axis.reach()) / axis.stride + 1;
}

void pad_same(detail::WindowAxis& axis) {
  axis.output = divide_up(axis.input, axis.stride);
  if (axis.output == 0) return;
  axis.before = difference_or_zero((axis.output - 1) * axis.stride + axis.reach(), axis.input) / 2;
}

/// The extent that a transposed window slides over, or 0 if the padding leaves none.
std::size_t transposed_extent(const detail::WindowAxis& axis, std::size_t more) {
  return difference_or_zero((axis.output - 1) * axis.stride + axis.reach() + more, 2 * axis.before);
}

/// A window without the extents of its images.
detail::Window unplaced_window(const char* operation, std::size_t axes, const Shape& images,
                               const detail::WindowOptions& options) {
  detail::check_images(operation, axes, images);
  const bool same = options.padding.rule == Padding::Rule::same;
  Size2d padding = same ? Size2d(0) : options.padding.amount;
  detail::check_range(operation, "the window", axes, options.window, 1);
  detail::check_range(operation, "the stride", axes, options.stride, 1);
  detail::check_range(operation, "the dilation", axes, options.dilation, 1);
  if (axes == 1 && padding.rows != padding.columns) {
    throw ValueError(
        fmt::format("{}: the padding is {}; expected one number", operation, detail::extents(2, padding)));
  }
  detail::check_range(operation, "the padding", axes, padding, 0);
  const auto axis_of = [&](std::size_t Size2d::* axis, std::size_t before) {
    return detail::WindowAxis{0, options.window.*axis, options.stride.*axis, options.dilation.*axis, before,
                              0};
  };
  return {images.front(), images.back(), axis_of(&Size2d::rows, axes == 1 ? 0 : padding.rows),
          axis_of(&Size2d::columns, padding.columns)};
}

std::string describe(std::size_t axes, const detail::WindowOptions& options) {
  return fmt::format("a window of {}, dilation {},", detail::extents(axes, options.window),
                     detail::extents(axes, options.dilation));
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
  const std::size_t first = divide_up(difference_or_zero(begin + before, dilation * (window - 1)), stride);
  const std::size_t last = divide_up(end + before, stride);
  return {std::min(first, output), std::min(last, output)};
}

const char* noun(std::size_t axes) { return axes == 1 ? "sequences" : "images"; }

Shape with_axes(std::size_t axes, const Shape& images) {
  return axes == 2 ? images : Shape{images[0], images[2], images[3]};
}

std::string extents(std::size_t axes, const Size2d& pair) {
  const auto columns = static_cast<std::ptrdiff_t>(pair.columns);
  return axes == 1 ? fmt::format("{}", columns)
                   : fmt::format("{} x {}", static_cast<std::ptrdiff_t>(pair.rows), columns);
}

void check_range(const char* operation, const char* option, std::size_t axes, const Size2d& pair,
                 std::size_t least) {
  const std::size_t rows = axes == 1 ? pair.columns : pair.rows;
  if (std::min(rows, pair.columns) >= least && std::max(rows, pair.columns) <= largest_option) return;
  const char* expected = axes == 1 ? "a number" : "numbers";
  throw ValueError(fmt::format("{}: {} is {}; expected {} of at least {}", operation, option,
                               extents(axes, pair), expected, least));
}

void check_images(const char* operation, std::size_t axes, const Shape& images) {
  if (images.size() == axes + 2) return;
  throw ShapeError(fmt::format("{}: {} of shape {}; expected {}", operation, noun(axes), to_string(images),
                               axes == 1 ? "{N, L, C}" : "{N, H, W, C}"));
}

Window make_window(const char* operation, std::size_t axes, const Shape& images,
                   const WindowOptions& options) {
  Window result = unplaced_window(operation, axes, images, options);
  result.rows.input = axes == 1 ? 1 : images[1];
  result.columns.input = images[axes];
  if (options.padding.rule == Padding::Rule::same) {
    pad_same(result.rows);
    pad_same(result.columns);
    return result;
  }
  for (WindowAxis* axis : {&result.rows, &result.columns}) {
    axis->output = output_extent(*axis, 2 * axis->before);
    if (axis->output > 0) continue;
    throw ShapeError(fmt::format("{}: {} does not fit into {} {} with padding {}", operation,
                                 describe(axes, options), noun(axes), to_string(images),
                                 extents(axes, options.padding.amount)));
  }
  check_size(operation, {result.images, result.rows.output, result.columns.output}, sizeof(float));
  return result;
}

Window make_transposed_window(const char* operation, std::size_t axes, const Shape& images,
                              const WindowOptions& options, Size2d more) {
  Window result = unplaced_window(operation, axes, images, options);
  result.rows.output = axes == 1 ? 1 : images[1];
  result.columns.output = images[axes];
  if (axes == 1) more.rows = 0;
  check_range(operation, "the output padding", axes, more, 0);
  check_range(operation, "the extent of the images", axes, {result.rows.output, result.columns.output}, 0);
  const bool same = options.padding.rule == Padding::Rule::same;
  if (same && more != Size2d(0)) {
    throw ValueError(fmt::format("{}: an output padding of {} with padding 'same'; expected none", operation,
                                 extents(axes, more)));
  }
  const auto takes = [](const WindowAxis& axis, std::size_t added) {
    return added < std::max(axis.stride, axis.dilation);
  };
  if (!takes(result.rows, more.rows) || !takes(result.columns, more.columns)) {
    throw ValueError(fmt::format(
        "{}: the output padding is {}; expected less than the stride, {}, or the dilation, {}", operation,
        extents(axes, more), extents(axes, options.stride), extents(axes, options.dilation)));
  }
  const auto place = [&](WindowAxis& axis, std::size_t added) {
    axis.input = axis.output * axis.stride;
    if (same) return pad_same(axis);
    axis.input = axis.output == 0 ? 0 : transposed_extent(axis, added);
    if (axis.input > 0) return;
    throw ShapeError(fmt::format("{}: {} leaves nothing of {} {} with padding {}", operation,
                                 describe(axes, options), noun(axes), to_string(images),
                                 extents(axes, options.padding.amount)));
  };
  place(result.rows, more.rows);
  place(result.columns, more.columns);
  check_size(operation, {result.images, result.rows.input, result.columns.input}, sizeof(float));
  return result;
}

}  // namespace detail

}  // namespace xgrad
