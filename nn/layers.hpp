#pragma once

#include <autodiff/ops/activations.hpp>
#include <autodiff/ops/adaptive_pooling.hpp>
#include <autodiff/ops/convolution.hpp>
#include <autodiff/ops/dropout.hpp>
#include <autodiff/ops/hyperbolic.hpp>
#include <autodiff/ops/pooling.hpp>
#include <autodiff/ops/shape.hpp>
#include <autodiff/ops/softmax.hpp>
#include <autodiff/parameter.hpp>
#include <nn/fields.hpp>
#include <nn/initialization.hpp>
#include <nn/input.hpp>
#include <nn/module.hpp>

#include <cstddef>

/// \file
/// Layers: structs whose fields are their parameters and options, and whose `operator()` is the formula. They
/// take Variables and raw xtensor arrays.

namespace xgrad::nn {

/// Options for Linear.
template <class T>
struct LinearOptions {
  bool bias = true;                               ///< whether b is added
  Initializer<T> initialization = he_uniform<T>;  ///< of the weights; biases start at zero
};

/// y = x W^T + b for x {..., in}; y is {..., out}.
template <class T = float>
struct Linear {
  /// Throws ValueError if `in` or `out` is 0.
  XGRAD_API Linear(std::size_t in, std::size_t out, const LinearOptions<T>& options = {},
                   Generator& generator = default_generator());

  /// Throws ShapeError if the extent of the last axis of x is not `in`.
  XGRAD_API Variable<T> operator()(const Variable<T>& x) const;

  /// The fields `weight` and `bias`.
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  /// The kind of layer, which determines the order of the axes of `weight` in files.
  static constexpr LayerKind layer_kind = LayerKind::linear;

  Parameter<T> weight;  ///< {out, in}
  Parameter<T> bias;    ///< {out}, or empty
};

/// Options for Conv2d.
template <class T>
struct Conv2dOptions {
  Size2d stride = 1;    ///< of the window, rows and columns
  Padding padding = 0;  ///< zeros around the image: a number, a pair, `valid` or `same`
  Size2d dilation = 1;  ///< distance between the entries of the kernel
  Count groups = 1;     ///< of channels, convolved separately; `in` groups for depthwise
  bool bias = true;     ///< whether a bias is added for each output channel
  Initializer<T> initialization = he_uniform<T>;  ///< of the weights; biases start at zero
};

/// The convolution of images {N, H, W, in} with `out` kernels, plus a bias: {N, H', W', out}. See
/// xgrad::conv2d for the formula and H', W'.
template <class T = float>
struct Conv2d {
  /// Throws ValueError if `in`, `out` or an extent of the kernel is 0, or if `groups` does not divide the
  /// numbers of channels.
  XGRAD_API Conv2d(std::size_t in, std::size_t out, Size2d kernel, const Conv2dOptions<T>& options = {},
                   Generator& generator = default_generator());

  /// Throws ShapeError if the images do not have `in` channels or are smaller than the kernel.
  XGRAD_API Variable<T> operator()(const Variable<T>& images) const;

  /// The fields `weight` and `bias`.
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  /// The kind of layer, which determines the order of the axes of `weight` in files.
  static constexpr LayerKind layer_kind = LayerKind::conv2d;

  Parameter<T> weight;            ///< {out, kH, kW, in / groups}
  Parameter<T> bias;              ///< {out}, or empty
  xgrad::Conv2dOptions geometry;  ///< stride, padding, dilation, groups
};

/// Options for Conv1d.
template <class T>
struct Conv1dOptions {
  Count stride = 1;     ///< of the window
  Padding padding = 0;  ///< zeros on either side: a number, `valid` or `same`
  Count dilation = 1;   ///< distance between the entries of the kernel
  Count groups = 1;     ///< of channels, convolved separately; `in` groups for depthwise
  bool bias = true;     ///< whether a bias is added for each output channel
  Initializer<T> initialization = he_uniform<T>;  ///< of the weights; biases start at zero
};

/// The convolution of sequences {N, L, in} with `out` kernels, plus a bias: {N, L', out}. See xgrad::conv1d.
template <class T = float>
struct Conv1d {
  /// Throws ValueError if `in`, `out` or an extent of the kernel is 0, or if `groups` does not divide the
  /// numbers of channels.
  XGRAD_API Conv1d(std::size_t in, std::size_t out, Count kernel, const Conv1dOptions<T>& options = {},
                   Generator& generator = default_generator());

  /// Throws ShapeError if the sequences do not have `in` channels or are shorter than the kernel.
  XGRAD_API Variable<T> operator()(const Variable<T>& sequences) const;

  /// The fields `weight` and `bias`.
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  /// The kind of layer, which determines the order of the axes of `weight` in files.
  static constexpr LayerKind layer_kind = LayerKind::conv1d;

  Parameter<T> weight;            ///< {out, k, in / groups}
  Parameter<T> bias;              ///< {out}, or empty
  xgrad::Conv1dOptions geometry;  ///< stride, padding, dilation, groups
};

/// Options for ConvTranspose2d.
template <class T>
struct ConvTranspose2dOptions {
  Size2d stride = 1;          ///< distance between kernels in the output, rows and columns
  Padding padding = 0;        ///< entries cut off on each side; `same` leaves H stride and W stride
  Size2d output_padding = 0;  ///< additional entries at the end of each axis
  Size2d dilation = 1;        ///< distance between the entries of the kernel
  Count groups = 1;           ///< of channels, convolved separately
  bool bias = true;           ///< whether a bias is added for each output channel
  Initializer<T> initialization = he_uniform<T>;  ///< of the weights; biases start at zero
};

/// The transposed convolution, which enlarges images by its stride: {N, H, W, in} to {N, H', W', out}. See
/// xgrad::conv_transpose2d.
template <class T = float>
struct ConvTranspose2d {
  /// Throws ValueError if `in`, `out` or an extent of the kernel is 0, or if `groups` does not divide the
  /// numbers of channels.
  XGRAD_API ConvTranspose2d(std::size_t in, std::size_t out, Size2d kernel,
                            const ConvTranspose2dOptions<T>& options = {},
                            Generator& generator = default_generator());

  /// Throws ShapeError if the images do not have `in` channels.
  XGRAD_API Variable<T> operator()(const Variable<T>& images) const;

  /// The fields `weight` and `bias`.
  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  /// The kind of layer, which determines the order of the axes of `weight` in files.
  static constexpr LayerKind layer_kind = LayerKind::conv_transpose2d;

  Parameter<T> weight;                     ///< {out, kH, kW, in / groups}
  Parameter<T> bias;                       ///< {out}, or empty
  xgrad::ConvTranspose2dOptions geometry;  ///< stride, padding, output padding, dilation, groups
};

/// The largest entry of each window, channel by channel: images {N, H, W, C} to {N, H', W', C}.
struct MaxPool2d {
  /// xgrad::max_pool2d(images, window, options), {N, H', W', C}. Throws ShapeError if the images are not
  /// {N, H, W, C} or do not fit the window.
  template <LayerInput X>
  auto operator()(const X& images) const {
    return max_pool2d(detail::as_variable(images), window, options);
  }

  /// No fields: the layer has no parameters.
  auto fields() { return nn::fields(); }

  Size2d window;                  ///< rows and columns
  MaxPool2dOptions options = {};  ///< stride (the window's extent by default), padding, dilation, ties
};

/// The mean of each window, channel by channel: images {N, H, W, C} to {N, H', W', C}.
struct AvgPool2d {
  /// xgrad::avg_pool2d(images, window, options), {N, H', W', C}. Throws ShapeError if the images are not
  /// {N, H, W, C} or do not fit the window.
  template <LayerInput X>
  auto operator()(const X& images) const {
    return avg_pool2d(detail::as_variable(images), window, options);
  }

  /// No fields: the layer has no parameters.
  auto fields() { return nn::fields(); }

  Size2d window;                  ///< rows and columns
  AvgPool2dOptions options = {};  ///< stride (the window's extent by default), padding
};

/// The mean of each of `size` bins, channel by channel: images {N, H, W, C} to {N, size, C}.
struct AdaptiveAvgPool2d {
  /// xgrad::adaptive_avg_pool2d(images, size). Throws ShapeError if the images are not {N, H, W, C} or
  /// have no pixels.
  template <LayerInput X>
  auto operator()(const X& images) const {
    return adaptive_avg_pool2d(detail::as_variable(images), size);
  }

  /// No fields: the layer has no parameters.
  auto fields() { return nn::fields(); }

  Size2d size;  ///< rows and columns
};

/// The mean of each channel: images {N, H, W, C} to {N, C}.
struct GlobalAvgPool2d {
  /// The means, {N, C}. Throws ShapeError if the images are not {N, H, W, C} or have no pixels.
  template <LayerInput X>
  auto operator()(const X& images) const {
    return global_avg_pool2d(detail::as_variable(images));
  }
};

/// max(x, 0), elementwise.
struct ReLU {
  /// max(x, 0), in the shape of x.
  template <LayerInput X>
  auto operator()(const X& x) const {
    return relu(detail::as_variable(x));
  }
};

/// tanh(x), elementwise.
struct Tanh {
  /// tanh(x), in the shape of x.
  template <LayerInput X>
  auto operator()(const X& x) const {
    return tanh(detail::as_variable(x));
  }
};

/// 1 / (1 + exp(-x)), elementwise.
struct Sigmoid {
  /// 1 / (1 + exp(-x)), in the shape of x.
  template <LayerInput X>
  auto operator()(const X& x) const {
    return sigmoid(detail::as_variable(x));
  }
};

/// log(1 + exp(x)), elementwise: a smooth ReLU (section 3 of the note).
struct Softplus {
  /// log(1 + exp(x)), in the shape of x.
  template <LayerInput X>
  auto operator()(const X& x) const {
    return softplus(detail::as_variable(x));
  }
};

/// x Phi(x), Phi the standard normal distribution function, elementwise.
struct GELU {
  /// x Phi(x), in the shape of x.
  template <LayerInput X>
  auto operator()(const X& x) const {
    return gelu(detail::as_variable(x));
  }
};

/// x / (1 + exp(-x)), elementwise.
struct SiLU {
  /// x / (1 + exp(-x)), in the shape of x.
  template <LayerInput X>
  auto operator()(const X& x) const {
    return silu(detail::as_variable(x));
  }
};

/// exp(x_i) / sum_j exp(x_j) along an axis: points of the soft-max simplex (section 1 of the note).
struct Softmax {
  /// softmax(x) along `axis`, in the shape of x. Throws ShapeError if x does not have this axis.
  template <LayerInput X>
  auto operator()(const X& x) const {
    return softmax(detail::as_variable(x), axis);
  }

  /// No fields: the layer has no parameters.
  auto fields() { return nn::fields(); }

  int axis = -1;  ///< negative: counted from the last
};

/// Joins all axes from `first_axis` on: images {N, H, W, C} become rows {N, H W C}.
struct Flatten {
  /// The entries in row-major order. Throws ShapeError if x does not have the axis `first_axis`.
  template <LayerInput X>
  auto operator()(const X& x) const {
    return flatten(detail::as_variable(x), first_axis);
  }

  /// No fields: the layer has no parameters.
  auto fields() { return nn::fields(); }

  std::size_t first_axis = 1;  ///< axes before it are kept
};

/// Dropout (section 5 of the note). In training, each entry of x, of any shape, is set to zero with
/// probability 1 - p, where p = `keep` is the probability to KEEP it; with `.channels = true`, each channel
/// of each sample.
///
/// By default, entries that are kept are scaled by 1 / p, and in test mode x is returned unchanged.
/// `.inverted = false` selects the note's form: nothing is scaled in training, and in test mode x is
/// multiplied by p. For the next layer this is equivalent to multiplying its weights by p, as in the note;
/// the weights themselves do not change.
struct Dropout {
  /// Throws ValueError if `keep` is not in (0, 1].
  XGRAD_API Dropout(const DropoutOptions& options = {});  // NOLINT
  /// Does not compile: a number alone could be the probability to keep or, as in PyTorch, to drop.
  template <Number P>
  explicit Dropout(P) {
    static_assert(
        xgrad::detail::never<P>,
        "xgrad: write nn::Dropout({.keep = 0.9}): `keep` is the probability to KEEP an entry, 1 - p of "
        "PyTorch's nn.Dropout(p)");
  }

  /// In training x with dropout, drawn from `generator`; in test mode x or p x; in the shape of x. Throws
  /// ShapeError in training for `channels` and an x with fewer than two axes.
  template <LayerInput X>
  auto operator()(const X& x, Generator& generator = default_generator()) const {
    return apply(detail::as_variable(x), generator);
  }

  /// No fields: the layer has no parameters.
  auto fields() { return nn::fields(); }

  DropoutOptions options;  ///< keep, inverted, channels
  bool training = true;    ///< set by nn::train and nn::eval

 private:
  template <class T>
  XGRAD_API Variable<T> apply(const Variable<T>& x, Generator& generator) const;
};

/// Dropout of whole channels of images {N, H, W, C}: PyTorch's name for `Dropout{{.channels = true}}`.
struct Dropout2d : Dropout {
  /// Throws ValueError if `keep` is not in (0, 1].
  XGRAD_API Dropout2d(DropoutOptions options = {});  // NOLINT
  /// As for Dropout.
  template <Number P>
  explicit Dropout2d(P p) : Dropout(p) {}
};

}  // namespace xgrad::nn
