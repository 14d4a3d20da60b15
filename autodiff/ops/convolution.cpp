#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/convolution.hpp>
#include <autodiff/ops/convolution.hpp>
#include <autodiff/ops/reduction.hpp>

#include <fmt/format.h>

namespace xgrad {
namespace {

/// The geometry of a convolution: a sliding window, and how many kernels slide.
struct Geometry {
  detail::Window window;
  std::size_t outputs;

  Shape weight_shape() const { return {outputs, window.rows.window, window.columns.window, window.channels}; }
};

// y = conv(x, w) is linear in x and in w. With its two adjoints it makes a closed set: each of the three is
// bilinear, and its pullbacks are the two others.

template <class T>
Variable<T> convolve(const Variable<T>& x, const Variable<T>& w, const Variable<T>& bias,
                     const Geometry& geometry);

template <class T>
Variable<T> input_gradient(const Variable<T>& g, const Variable<T>& w, const Geometry& geometry);

template <class T>
Variable<T> weight_gradient(const Variable<T>& x, const Variable<T>& g, const Geometry& geometry) {
  Array<T> value = empty<T>(geometry.weight_shape());
  kernels::conv2d_weight_gradient(geometry.window, geometry.outputs, x.value().data(), g.value().data(),
                                  value.data());
  return operation(
      "conv2d_weight_gradient", std::move(value),
      {{x, [g, geometry](const Variable<T>& h) { return input_gradient(g, h, geometry); }},
       {g, [x, geometry](const Variable<T>& h) { return convolve(x, h, Variable<T>(), geometry); }}});
}

template <class T>
Variable<T> input_gradient(const Variable<T>& g, const Variable<T>& w, const Geometry& geometry) {
  Array<T> value = empty<T>(geometry.window.input_shape());
  kernels::conv2d_input_gradient(geometry.window, geometry.outputs, g.value().data(), w.value().data(),
                                 value.data());
  return operation(
      "conv2d_input_gradient", std::move(value),
      {{g, [w, geometry](const Variable<T>& h) { return convolve(h, w, Variable<T>(), geometry); }},
       {w, [g, geometry](const Variable<T>& h) { return weight_gradient(h, g, geometry); }}});
}

template <class T>
Variable<T> convolve(const Variable<T>& x, const Variable<T>& w, const Variable<T>& bias,
                     const Geometry& geometry) {
  Array<T> value = empty<T>(geometry.window.output_shape(geometry.outputs));
  kernels::conv2d(geometry.window, geometry.outputs, x.value().data(), w.value().data(),
                  bias ? bias.value().data() : nullptr, value.data());
  const auto by_x = [w, geometry](const Variable<T>& g) { return input_gradient(g, w, geometry); };
  const auto by_w = [x, geometry](const Variable<T>& g) { return weight_gradient(x, g, geometry); };
  if (!bias) return operation("conv2d", std::move(value), {{x, by_x}, {w, by_w}});
  return operation("conv2d", std::move(value), {{x, by_x}, {w, by_w}, {bias, [](const Variable<T>& g) {
                                                                         return sum(g, {0, 1, 2});
                                                                       }}});
}

void check_shapes(const Shape& images, const Shape& weight) {
  if (weight.size() != 4) {
    throw ShapeError(fmt::format("conv2d: weight of shape {}; expected {{O, kH, kW, I}}", to_string(weight)));
  }
  if (images.size() == 4 && images[3] != weight[3]) {
    throw ShapeError(fmt::format("conv2d: images {} have {} channels, weight {} expects {}",
                                 to_string(images), images[3], to_string(weight), weight[3]));
  }
}

}  // namespace

namespace detail {

template <class T>
Variable<T> conv2d(const Variable<T>& images, const Variable<T>& weight, const Variable<T>& bias,
                   const Conv2dOptions& options) {
  check_shapes(images.shape(), weight.shape());
  const std::size_t outputs = weight.shape(0);
  if (bias && bias.shape() != Shape{outputs}) {
    throw ShapeError(fmt::format("conv2d: bias of shape {}, weight {} expects {}", to_string(bias.shape()),
                                 to_string(weight.shape()), to_string(Shape{outputs})));
  }
  const Window window = make_window("conv2d", images.shape(), {weight.shape(1), weight.shape(2)},
                                    options.stride, options.padding, options.dilation);
  return convolve(images, weight, bias, {window, outputs});
}

}  // namespace detail

#define XGRAD_INSTANTIATE(T)                                                                         \
  template Variable<T> detail::conv2d<T>(const Variable<T>&, const Variable<T>&, const Variable<T>&, \
                                         const Conv2dOptions&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
