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

/// How a Linear layer is made.
template <class T>
struct LinearOptions {
  bool bias = true;                               ///< whether b is added
  Initializer<T> initialization = he_uniform<T>;  ///< of the weights; biases start at zero
};

/// y = x W^T + b: x {..., in} gives y {..., out}.
template <class T = float>
struct Linear {
  /// Throws ValueError where `in` or `out` is 0.
  XGRAD_API Linear(std::size_t in, std::size_t out, const LinearOptions<T>& options = {},
                   Generator& generator = default_generator());

  /// Throws ShapeError where the last axis of x is not `in`.
  XGRAD_API Variable<T> operator()(const Variable<T>& x) const;

  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  static constexpr LayerKind layer_kind = LayerKind::linear;

  Parameter<T> weight;  ///< {out, in}
  Parameter<T> bias;    ///< {out}, or empty
};

/// How a Conv2d layer is made.
template <class T>
struct Conv2dOptions {
  Size2d stride = 1;    ///< of the window, rows and columns
  Padding padding = 0;  ///< zeros around the image: a number, a pair, `valid` or `same`
  Size2d dilation = 1;  ///< distance of the kernel's taps
  Count groups = 1;     ///< of channels, convolved separately; as many as `in`: depthwise
  bool bias = true;     ///< whether a bias is added for each output channel
  Initializer<T> initialization = he_uniform<T>;  ///< of the weights; biases start at zero
};

/// The convolution of images {N, H, W, in} with `out` kernels, plus a bias: {N, H', W', out}. See
/// xgrad::conv2d for the formula and H', W'.
template <class T = float>
struct Conv2d {
  /// Throws ValueError where `in`, `out` or the kernel's extent is 0, or the groups do not divide the
  /// channels.
  XGRAD_API Conv2d(std::size_t in, std::size_t out, Size2d kernel, const Conv2dOptions<T>& options = {},
                   Generator& generator = default_generator());

  /// Throws ShapeError where the images do not have `in` channels or are smaller than the kernel.
  XGRAD_API Variable<T> operator()(const Variable<T>& images) const;

  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  static constexpr LayerKind layer_kind = LayerKind::conv2d;

  Parameter<T> weight;            ///< {out, kH, kW, in / groups}
  Parameter<T> bias;              ///< {out}, or empty
  xgrad::Conv2dOptions geometry;  ///< stride, padding, dilation, groups
};

/// How a Conv1d layer is made.
template <class T>
struct Conv1dOptions {
  Count stride = 1;     ///< of the window
  Padding padding = 0;  ///< zeros on either side: a number, `valid` or `same`
  Count dilation = 1;   ///< distance of the kernel's taps
  Count groups = 1;     ///< of channels, convolved separately; as many as `in`: depthwise
  bool bias = true;     ///< whether a bias is added for each output channel
  Initializer<T> initialization = he_uniform<T>;  ///< of the weights; biases start at zero
};

/// The convolution of sequences {N, L, in} with `out` kernels, plus a bias: {N, L', out}. See xgrad::conv1d.
template <class T = float>
struct Conv1d {
  /// Throws ValueError where `in`, `out` or the kernel's extent is 0, or the groups do not divide the
  /// channels.
  XGRAD_API Conv1d(std::size_t in, std::size_t out, Count kernel, const Conv1dOptions<T>& options = {},
                   Generator& generator = default_generator());

  /// Throws ShapeError where the sequences do not have `in` channels or are shorter than the kernel.
  XGRAD_API Variable<T> operator()(const Variable<T>& sequences) const;

  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  static constexpr LayerKind layer_kind = LayerKind::conv1d;

  Parameter<T> weight;            ///< {out, k, in / groups}
  Parameter<T> bias;              ///< {out}, or empty
  xgrad::Conv1dOptions geometry;  ///< stride, padding, dilation, groups
};

/// How a ConvTranspose2d layer is made.
template <class T>
struct ConvTranspose2dOptions {
  Size2d stride = 1;          ///< distance of the kernels laid down, rows and columns
  Padding padding = 0;        ///< entries cut off on each side; `same` leaves H stride and W stride of them
  Size2d output_padding = 0;  ///< entries more at the end of each axis
  Size2d dilation = 1;        ///< distance of the kernel's taps
  Count groups = 1;           ///< of channels, convolved separately
  bool bias = true;           ///< whether a bias is added for each output channel
  Initializer<T> initialization = he_uniform<T>;  ///< of the weights; biases start at zero
};

/// The transposed convolution, which makes images larger by its stride: images {N, H, W, in} give
/// {N, H', W', out}. See xgrad::conv_transpose2d.
template <class T = float>
struct ConvTranspose2d {
  /// Throws ValueError where `in`, `out` or the kernel's extent is 0, or the groups do not divide the
  /// channels.
  XGRAD_API ConvTranspose2d(std::size_t in, std::size_t out, Size2d kernel,
                            const ConvTranspose2dOptions<T>& options = {},
                            Generator& generator = default_generator());

  /// Throws ShapeError where the images do not have `in` channels.
  XGRAD_API Variable<T> operator()(const Variable<T>& images) const;

  auto fields() { return nn::fields("weight", weight, "bias", bias); }

  static constexpr LayerKind layer_kind = LayerKind::conv_transpose2d;

  Parameter<T> weight;                     ///< {out, kH, kW, in / groups}
  Parameter<T> bias;                       ///< {out}, or empty
  xgrad::ConvTranspose2dOptions geometry;  ///< stride, padding, output padding, dilation, groups
};

/// The largest entry of each window, channel by channel: images {N, H, W, C} to {N, H', W', C}.
struct MaxPool2d {
  template <LayerInput X>
  auto operator()(const X& images) const {
    return max_pool2d(detail::as_variable(images), window, options);
  }

  auto fields() { return nn::fields(); }

  Size2d window;                  ///< rows and columns
  MaxPool2dOptions options = {};  ///< stride (the window's extent by default), padding, dilation, ties
};

/// The mean of each window, channel by channel: images {N, H, W, C} to {N, H', W', C}.
struct AvgPool2d {
  template <LayerInput X>
  auto operator()(const X& images) const {
    return avg_pool2d(detail::as_variable(images), window, options);
  }

  auto fields() { return nn::fields(); }

  Size2d window;                  ///< rows and columns
  AvgPool2dOptions options = {};  ///< stride (the window's extent by default), padding
};

/// The mean of each of `size` bins, channel by channel: images {N, H, W, C} to {N, size, C}.
struct AdaptiveAvgPool2d {
  template <LayerInput X>
  auto operator()(const X& images) const {
    return adaptive_avg_pool2d(detail::as_variable(images), size);
  }

  auto fields() { return nn::fields(); }

  Size2d size;  ///< rows and columns
};

/// The mean of each channel: images {N, H, W, C} to {N, C}.
struct GlobalAvgPool2d {
  template <LayerInput X>
  auto operator()(const X& images) const {
    return global_avg_pool2d(detail::as_variable(images));
  }
};

/// max(x, 0), entry by entry.
struct ReLU {
  template <LayerInput X>
  auto operator()(const X& x) const {
    return relu(detail::as_variable(x));
  }
};

/// tanh(x), entry by entry.
struct Tanh {
  template <LayerInput X>
  auto operator()(const X& x) const {
    return tanh(detail::as_variable(x));
  }
};

/// 1 / (1 + exp(-x)), entry by entry.
struct Sigmoid {
  template <LayerInput X>
  auto operator()(const X& x) const {
    return sigmoid(detail::as_variable(x));
  }
};

/// log(1 + exp(x)), entry by entry: ReLU with its cusp rounded out (section 3 of the note).
struct Softplus {
  template <LayerInput X>
  auto operator()(const X& x) const {
    return softplus(detail::as_variable(x));
  }
};

/// x Phi(x), Phi the normal distribution function, entry by entry.
struct GELU {
  template <LayerInput X>
  auto operator()(const X& x) const {
    return gelu(detail::as_variable(x));
  }
};

/// x / (1 + exp(-x)), entry by entry.
struct SiLU {
  template <LayerInput X>
  auto operator()(const X& x) const {
    return silu(detail::as_variable(x));
  }
};

/// exp(x_i) / sum_j exp(x_j) along an axis: points of the soft-max simplex (section 1 of the note).
struct Softmax {
  template <LayerInput X>
  auto operator()(const X& x) const {
    return softmax(detail::as_variable(x), axis);
  }

  auto fields() { return nn::fields(); }

  int axis = -1;
};

/// All axes from `first_axis` on joined into one: images {N, H, W, C} become rows {N, H W C}.
struct Flatten {
  template <LayerInput X>
  auto operator()(const X& x) const {
    return flatten(detail::as_variable(x), first_axis);
  }

  auto fields() { return nn::fields(); }

  std::size_t first_axis = 1;
};

/// Dropout (section 5 of the note): in training, each entry of x, of any shape, is set to zero with
/// probability 1 - p, where p = `keep` is the probability to KEEP it; with `.channels = true`, each channel
/// of each sample.
///
/// By default what is kept is scaled by 1 / p, and at test time x passes unchanged. With `.inverted = false`
/// it is the note's form: nothing is scaled in training, and at test time x is multiplied by p. For the layer
/// that x goes into, that is to multiply its weights by p, as the note puts it; the weights themselves stay
/// as they are.
struct Dropout {
  /// Throws ValueError where `keep` is not in (0, 1].
  XGRAD_API Dropout(const DropoutOptions& options = {});  // NOLINT
  /// A number alone could be the probability to keep or, in PyTorch, to drop: it does not compile.
  template <Number P>
  explicit Dropout(P) {
    static_assert(
        xgrad::detail::never<P>,
        "xgrad: write nn::Dropout({.keep = 0.9}): `keep` is the probability to KEEP an entry, 1 - p of "
        "PyTorch's nn.Dropout(p)");
  }

  template <LayerInput X>
  auto operator()(const X& x, Generator& generator = default_generator()) const {
    return apply(detail::as_variable(x), generator);
  }

  auto fields() { return nn::fields(); }

  DropoutOptions options;  ///< keep, inverted, channels
  bool training = true;    ///< set by nn::train and nn::eval

 private:
  template <class T>
  XGRAD_API Variable<T> apply(const Variable<T>& x, Generator& generator) const;
};

/// Dropout of whole channels of images {N, H, W, C}: PyTorch's name for `Dropout{{.channels = true}}`.
struct Dropout2d : Dropout {
  /// Throws ValueError where `keep` is not in (0, 1].
  XGRAD_API Dropout2d(DropoutOptions options = {});  // NOLINT
  /// As for Dropout.
  template <Number P>
  explicit Dropout2d(P p) : Dropout(p) {}
};

}  // namespace xgrad::nn
