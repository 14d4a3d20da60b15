#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/pooling.hpp>
#include <autodiff/ops/pooling.hpp>

#include <fmt/format.h>

#include <limits>
#include <memory>

namespace xgrad {
namespace {

using detail::Window;

/// Which entries of the images a max-pooling took.
struct Choice {
  Window window;
  std::shared_ptr<kernels::Taps> taps;
};

/// The entries chosen; its pullback puts them back into zeros, and the pullback of that chooses them again.
template <class T>
Variable<T> gather(const Variable<T>& images, const Choice& choice);

template <class T>
Variable<T> scatter(const Variable<T>& g, const Choice& choice) {
  Array<T> value = empty<T>(choice.window.input_shape());
  kernels::pool_scatter(choice.window, choice.taps->data(), g.value().data(), value.data());
  return operation("max_pool2d_gradient", std::move(value),
                   {g, [choice](const Variable<T>& h) { return gather(h, choice); }});
}

template <class T>
Variable<T> gather(const Variable<T>& images, const Choice& choice) {
  Array<T> value = empty<T>(choice.window.output_shape(choice.window.channels));
  kernels::pool_gather(choice.window, choice.taps->data(), images.value().data(), value.data());
  return operation("max_pool2d_choice", std::move(value),
                   {images, [choice](const Variable<T>& g) { return scatter(g, choice); }});
}

template <class T>
Variable<T> average_gradient(const Variable<T>& g, const Window& window, bool count_padding);

template <class T>
Variable<T> average(const Variable<T>& images, const Window& window, bool count_padding) {
  Array<T> value = empty<T>(window.output_shape(window.channels));
  kernels::avg_pool2d(window, count_padding, images.value().data(), value.data());
  return operation("avg_pool2d", std::move(value), {images, [=](const Variable<T>& g) {
                                                      return average_gradient(g, window, count_padding);
                                                    }});
}

template <class T>
Variable<T> average_gradient(const Variable<T>& g, const Window& window, bool count_padding) {
  Array<T> value = empty<T>(window.input_shape());
  kernels::avg_pool2d_gradient(window, count_padding, g.value().data(), value.data());
  return operation("avg_pool2d_gradient", std::move(value),
                   {g, [=](const Variable<T>& h) { return average(h, window, count_padding); }});
}

/// The window of a pooling. With padding of at most half the window, each window reaches into the image.
Window pooling_window(const char* operation, const Shape& images, Pair window,
                      const std::optional<Pair>& stride, const Padding& padding) {
  const Window result = detail::make_window(operation, 2, images, {window, stride.value_or(window), padding});
  const bool fixed = padding.rule == Padding::Rule::fixed;
  if (fixed && (padding.amount.rows > window.rows / 2 || padding.amount.columns > window.columns / 2)) {
    throw ShapeError(fmt::format("{}: padding {} x {} is more than half of the window {} x {}", operation,
                                 padding.amount.rows, padding.amount.columns, window.rows, window.columns));
  }
  if (images[1] == 0 || images[2] == 0) {
    throw ShapeError(fmt::format("{}: images {} have no entries to pool", operation, to_string(images)));
  }
  if (window.rows > std::numeric_limits<std::uint32_t>::max() / window.columns) {
    throw ShapeError(
        fmt::format("{}: a window of {} x {} is too large", operation, window.rows, window.columns));
  }
  return result;
}

}  // namespace

template <class T>
Variable<T> max_pool2d(const Variable<T>& images, Pair window, const MaxPool2dOptions& options,
                       Generator& generator) {
  const Window geometry =
      pooling_window("max_pool2d", images.shape(), window, options.stride, options.padding);
  std::optional<std::uint64_t> stream;  // drawn with and without a tape: either way the same numbers follow
  if (options.ties == Ties::random) stream = generator();
  const Shape shape = geometry.output_shape(geometry.channels);
  Array<T> value = empty<T>(shape);
  Choice choice{geometry, nullptr};
  if (detail::is_recorded(images.node().get())) {
    choice.taps = std::allocate_shared<kernels::Taps>(PoolAllocator<kernels::Taps>(), shape);
  }
  kernels::max_pool2d(geometry, images.value().data(), value.data(),
                      choice.taps ? choice.taps->data() : nullptr, stream);
  return operation("max_pool2d", std::move(value),
                   {images, [choice](const Variable<T>& g) { return scatter(g, choice); }});
}

template <class T>
Variable<T> avg_pool2d(const Variable<T>& images, Pair window, const AvgPool2dOptions& options) {
  const Window geometry =
      pooling_window("avg_pool2d", images.shape(), window, options.stride, options.padding);
  return average(images, geometry, options.count_padding);
}

#define XGRAD_INSTANTIATE(T)                                                                         \
  template Variable<T> max_pool2d<T>(const Variable<T>&, Pair, const MaxPool2dOptions&, Generator&); \
  template Variable<T> avg_pool2d<T>(const Variable<T>&, Pair, const AvgPool2dOptions&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
