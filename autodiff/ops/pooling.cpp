#include <autodiff/instantiate.hpp>
#include <autodiff/ops/detail/pool.hpp>
#include <autodiff/ops/pooling.hpp>

#include <fmt/format.h>

#include <limits>

// The pullbacks, which adaptive pooling shares, are in detail/pool.hpp; their loops in kernels/pooling.cpp.

namespace xgrad {

void detail::check_entries(const char* operation, std::size_t axes, const Shape& images) {
  for (std::size_t axis = 1; axis <= axes; ++axis) {
    if (images[axis] > 0) continue;
    throw ShapeError(
        fmt::format("{}: {} {} have no entries to pool", operation, noun(axes), to_string(images)));
  }
}

namespace {

using detail::along;
using detail::Pool;
using detail::Window;
using detail::WindowAxis;

/// Whether the window of some output has no tap inside the image.
bool misses(const WindowAxis& axis) {
  for (std::size_t i = 0; i < axis.output; ++i) {
    const detail::IndexRange taps = axis.taps(i);
    if (taps.first >= taps.last) return true;
  }
  return false;
}

/// The windows of a pooling; each has a tap inside the image.
Pool<WindowAxis> pool_of(const char* operation, std::size_t axes, const Shape& images,
                         const detail::WindowOptions& options) {
  const Window result = detail::make_window(operation, axes, images, options);
  const auto window = [&] {
    const std::string dilation =
        options.dilation == Size2d(1) ? "" : ", dilation " + detail::extents(axes, options.dilation);
    return detail::extents(axes, options.window) + dilation;
  };
  const bool fixed = options.padding.rule == Padding::Rule::fixed;
  if (fixed &&
      (result.rows.before > result.rows.reach() / 2 || result.columns.before > result.columns.reach() / 2)) {
    throw ShapeError(fmt::format("{}: padding {} is more than half of the window {}", operation,
                                 detail::extents(axes, options.padding.amount), window()));
  }
  detail::check_entries(operation, axes, images);
  if (misses(result.rows) || misses(result.columns)) {
    throw ShapeError(fmt::format("{}: the window {} on {} {} lies entirely in the padding at some positions",
                                 operation, window(), detail::noun(axes), to_string(images)));
  }
  if (result.rows.window > std::numeric_limits<std::uint32_t>::max() / result.columns.window) {
    throw ShapeError(fmt::format("{}: a window of {} is too large", operation, window()));
  }
  return {axes, result};
}

template <class T>
Variable<T> max_pool(const char* operation, std::size_t axes, const Variable<T>& images, Size2d window,
                     const MaxPool2dOptions& options, Generator& generator) {
  const auto pool = pool_of(operation, axes, images.shape(),
                            {window, options.stride.value_or(window), options.padding, options.dilation});
  std::optional<std::uint64_t> stream;  // drawn even without a tape: the generator's state is the same
  if (options.ties == Ties::random) stream = generator();
  return detail::largest(operation, images, pool, stream);
}

}  // namespace

template <class T>
Variable<T> max_pool2d(const Variable<T>& images, Size2d window, const MaxPool2dOptions& options,
                       Generator& generator) {
  return max_pool("max_pool2d", 2, images, window, options, generator);
}

template <class T>
Variable<T> max_pool1d(const Variable<T>& sequences, Count window, const MaxPool1dOptions& options,
                       Generator& generator) {
  return max_pool(
      "max_pool1d", 1, sequences, along(window),
      {along(options.stride.value_or(window)), options.padding, along(options.dilation), options.ties},
      generator);
}

template <class T>
Variable<T> avg_pool2d(const Variable<T>& images, Size2d window, const AvgPool2dOptions& options) {
  const auto pool =
      pool_of("avg_pool2d", 2, images.shape(), {window, options.stride.value_or(window), options.padding});
  return detail::average("avg_pool2d", images, pool, options.count_padding);
}

template <class T>
Variable<T> avg_pool1d(const Variable<T>& sequences, Count window, const AvgPool1dOptions& options) {
  const auto pool = pool_of("avg_pool1d", 1, sequences.shape(),
                            {along(window), along(options.stride.value_or(window)), options.padding});
  return detail::average("avg_pool1d", sequences, pool, options.count_padding);
}

#define XGRAD_INSTANTIATE(T)                                                                           \
  template Variable<T> max_pool2d<T>(const Variable<T>&, Size2d, const MaxPool2dOptions&, Generator&); \
  template Variable<T> max_pool1d<T>(const Variable<T>&, Count, const MaxPool1dOptions&, Generator&);  \
  template Variable<T> avg_pool2d<T>(const Variable<T>&, Size2d, const AvgPool2dOptions&);             \
  template Variable<T> avg_pool1d<T>(const Variable<T>&, Count, const AvgPool1dOptions&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
