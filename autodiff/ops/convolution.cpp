#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/grouped_convolution.hpp>
#include <autodiff/kernels/strided.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/convolution.hpp>
#include <autodiff/ops/reduction.hpp>

#include <fmt/format.h>

namespace xgrad {
namespace {

using detail::along;
using detail::Window;
using detail::WindowOptions;
using detail::with_axes;

/// The geometry of a convolution: the sliding window, the number of kernels and of groups, and the number of
/// axes, 1 for sequences and 2 for images.
struct Geometry {
  std::size_t axes;
  Window window;
  std::size_t outputs;
  std::size_t groups;

  Shape images_shape() const { return with_axes(axes, window.input_shape()); }
  Shape result_shape() const { return with_axes(axes, window.output_shape(outputs)); }
  Shape weight_shape() const {
    return with_axes(axes, {outputs, window.rows.window, window.columns.window, window.channels / groups});
  }
};

// y = conv(x, w) is linear in x and in w. With its two adjoints it forms a closed set: each of the three is
// bilinear, and its pullbacks are the two others.

template <class T>
Variable<T> convolve(const Variable<T>& x, const Variable<T>& w, const Variable<T>& bias,
                     const Geometry& geometry);

template <class T>
Variable<T> input_gradient(const Variable<T>& g, const Variable<T>& w, const Geometry& geometry);

template <class T>
Variable<T> weight_gradient(const Variable<T>& x, const Variable<T>& g, const Geometry& geometry) {
  Array<T> value = empty<T>(geometry.weight_shape());
  kernels::grouped_conv2d_weight_gradient(geometry.window, geometry.outputs, geometry.groups,
                                          x.value().data(), g.value().data(), value.data());
  return operation(
      "convolution_weight_gradient", std::move(value),
      {{x, [g, geometry](const Variable<T>& h) { return input_gradient(g, h, geometry); }},
       {g, [x, geometry](const Variable<T>& h) { return convolve(x, h, Variable<T>(), geometry); }}});
}

template <class T>
Variable<T> input_gradient(const Variable<T>& g, const Variable<T>& w, const Geometry& geometry) {
  Array<T> value = empty<T>(geometry.images_shape());
  kernels::grouped_conv2d_input_gradient(geometry.window, geometry.outputs, geometry.groups, g.value().data(),
                                         w.value().data(), value.data());
  return operation(
      "convolution_input_gradient", std::move(value),
      {{g, [w, geometry](const Variable<T>& h) { return convolve(h, w, Variable<T>(), geometry); }},
       {w, [g, geometry](const Variable<T>& h) { return weight_gradient(h, g, geometry); }}});
}

template <class T>
Variable<T> convolve(const Variable<T>& x, const Variable<T>& w, const Variable<T>& bias,
                     const Geometry& geometry) {
  Array<T> value = empty<T>(geometry.result_shape());
  kernels::grouped_conv2d(geometry.window, geometry.outputs, geometry.groups, x.value().data(),
                          w.value().data(), bias ? bias.value().data() : nullptr, value.data());
  const char* name = geometry.axes == 1 ? "conv1d" : "conv2d";
  const auto by_x = [w, geometry](const Variable<T>& g) { return input_gradient(g, w, geometry); };
  const auto by_w = [x, geometry](const Variable<T>& g) { return weight_gradient(x, g, geometry); };
  if (!bias) return operation(name, std::move(value), {{x, by_x}, {w, by_w}});
  return operation(name, std::move(value),
                   {{x, by_x}, {w, by_w}, {bias, [shape = bias.shape()](const Variable<T>& g) {
                                             return detail::sum_to(g, shape);
                                           }}});
}

/// Converts the weight {O, ..., I / groups} of a convolution to the weight {I, ..., O / groups} of its
/// adjoint. This is its own inverse.
template <class T>
Variable<T> exchange_channels(const Variable<T>& w, std::size_t groups) {
  const std::size_t outputs = w.shape().front() / groups;
  const std::size_t inputs = w.shape().back();
  if (outputs == 1 && inputs == 1) return w;
  Shape shape = w.shape();
  shape.front() = groups * inputs;
  shape.back() = outputs;
  std::size_t taps = 1;
  for (std::size_t axis = 1; axis + 1 < shape.size(); ++axis) taps *= shape[axis];
  const auto stride = [](std::size_t entries) { return static_cast<std::ptrdiff_t>(entries); };
  Array<T> value = kernels::gather(
      w.value(), {{groups, inputs, taps, outputs},
                  {stride(outputs * taps * inputs), 1, stride(inputs), stride(taps * inputs)}});
  value.reshape(shape);
  return operation("exchange_channels", std::move(value),
                   {w, [groups](const Variable<T>& g) { return exchange_channels(g, groups); }});
}

std::string in_groups(std::size_t groups) { return groups == 1 ? "" : fmt::format(" in {} groups", groups); }

/// Checks the arguments of all convolutions.
void check_arguments(const char* operation, std::size_t axes, const Shape& images, const Shape& weight,
                     const Shape* bias, std::size_t groups) {
  detail::check_range(operation, "the number of groups", 1, groups, 1);
  if (weight.size() != axes + 2) {
    throw ShapeError(fmt::format("{}: weight of shape {}; expected {{O, {}, I{}}}", operation,
                                 to_string(weight), axes == 1 ? "k" : "kH, kW",
                                 groups == 1 ? "" : " / groups"));
  }
  detail::check_images(operation, axes, images);
  if (images.back() != weight.back() * groups) {
    throw ShapeError(fmt::format("{}: {} {} have {} channels; weight {}{} expects {}", operation,
                                 detail::noun(axes), to_string(images), images.back(), to_string(weight),
                                 in_groups(groups), weight.back() * groups));
  }
  if (weight.front() % groups != 0) {
    throw ShapeError(fmt::format("{}: weight {} has {} output channels; expected a multiple of {} groups",
                                 operation, to_string(weight), weight.front(), groups));
  }
  if (bias != nullptr && *bias != Shape{weight.front()}) {
    throw ShapeError(fmt::format("{}: bias of shape {}; weight {} expects {}", operation, to_string(*bias),
                                 to_string(weight), to_string(Shape{weight.front()})));
  }
}

/// The extents of the kernel, read from a weight.
Size2d kernel_of(std::size_t axes, const Shape& weight) { return {axes == 1 ? 1 : weight[1], weight[axes]}; }

template <class T>
Variable<T> convolution(const char* operation, std::size_t axes, const Variable<T>& images,
                        const Variable<T>& weight, const Variable<T>& bias, const Conv2dOptions& options) {
  check_arguments(operation, axes, images.shape(), weight.shape(), bias ? &bias.shape() : nullptr,
                  options.groups);
  const Window window = detail::make_window(
      operation, axes, images.shape(),
      {kernel_of(axes, weight.shape()), options.stride, options.padding, options.dilation});
  return convolve(images, weight, bias, {axes, window, weight.shape(0), options.groups});
}

template <class T>
Variable<T> transposed_convolution(const char* operation, std::size_t axes, const Variable<T>& images,
                                   const Variable<T>& weight, const Variable<T>& bias,
                                   const ConvTranspose2dOptions& options) {
  check_arguments(operation, axes, images.shape(), weight.shape(), bias ? &bias.shape() : nullptr,
                  options.groups);
  Window window = detail::make_transposed_window(
      operation, axes, images.shape(),
      {kernel_of(axes, weight.shape()), options.stride, options.padding, options.dilation},
      options.output_padding);
  window.channels = weight.shape(0);
  element_count(window.input_shape());
  const Variable<T> result = input_gradient(images, exchange_channels(weight, options.groups),
                                            {axes, window, images.shape().back(), options.groups});
  return bias ? result + bias : result;
}

}  // namespace

namespace detail {

template <class T>
Variable<T> conv1d(const Variable<T>& sequences, const Variable<T>& weight, const Variable<T>& bias,
                   const Conv1dOptions& options) {
  return convolution("conv1d", 1, sequences, weight, bias,
                     {along(options.stride), options.padding, along(options.dilation), options.groups});
}

template <class T>
Variable<T> conv2d(const Variable<T>& images, const Variable<T>& weight, const Variable<T>& bias,
                   const Conv2dOptions& options) {
  return convolution("conv2d", 2, images, weight, bias, options);
}

template <class T>
Variable<T> conv_transpose1d(const Variable<T>& sequences, const Variable<T>& weight, const Variable<T>& bias,
                             const ConvTranspose1dOptions& options) {
  return transposed_convolution("conv_transpose1d", 1, sequences, weight, bias,
                                {along(options.stride),
                                 options.padding,
                                 {0, options.output_padding.value},
                                 along(options.dilation),
                                 options.groups});
}

template <class T>
Variable<T> conv_transpose2d(const Variable<T>& images, const Variable<T>& weight, const Variable<T>& bias,
                             const ConvTranspose2dOptions& options) {
  return transposed_convolution("conv_transpose2d", 2, images, weight, bias, options);
}

}  // namespace detail

#define XGRAD_INSTANTIATE(T)                                                                           \
  template Variable<T> detail::conv1d<T>(const Variable<T>&, const Variable<T>&, const Variable<T>&,   \
                                         const Conv1dOptions&);                                        \
  template Variable<T> detail::conv2d<T>(const Variable<T>&, const Variable<T>&, const Variable<T>&,   \
                                         const Conv2dOptions&);                                        \
  template Variable<T> detail::conv_transpose1d<T>(const Variable<T>&, const Variable<T>&,             \
                                                   const Variable<T>&, const ConvTranspose1dOptions&); \
  template Variable<T> detail::conv_transpose2d<T>(const Variable<T>&, const Variable<T>&,             \
                                                   const Variable<T>&, const ConvTranspose2dOptions&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
