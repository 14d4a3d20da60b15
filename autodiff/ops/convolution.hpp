#pragma once

#include <autodiff/kernels/window.hpp>
#include <autodiff/ops/lift.hpp>

/// \file
/// Convolutions of images and sequences, defined as correlations, as in all libraries of this field. Channels
/// are last: images {N, H, W, I} with a weight {O, kH, kW, I}, sequences {N, L, I} with a weight {O, k, I}.
///
/// With groups, the first O / groups channels of the result depend on the first I / groups channels of the
/// input, the next on the next; the last axis of the weight is then I / groups. A depthwise convolution has
/// as many groups as channels.
///
/// All functions throw ShapeError for shapes that do not match, ValueError for options out of range.

namespace xgrad {

/// Options for conv1d.
struct Conv1dOptions {
  Count stride = 1;     ///< of the window
  Padding padding = 0;  ///< zeros on either side: a number, `valid` or `same`
  Count dilation = 1;   ///< distance between the kernel's taps
  Count groups = 1;     ///< groups of channels, convolved separately
};

/// Options for conv2d.
struct Conv2dOptions {
  Size2d stride = 1;    ///< of the window, rows and columns
  Padding padding = 0;  ///< zeros around the image: a number, a pair, `valid` or `same`
  Size2d dilation = 1;  ///< distance between the kernel's taps
  Count groups = 1;     ///< groups of channels, convolved separately
};

/// Options for conv_transpose1d.
struct ConvTranspose1dOptions {
  Count stride = 1;          ///< distance between the kernels in the result
  Padding padding = 0;       ///< entries cropped on either side; with `same`, L stride remain
  Count output_padding = 0;  ///< additional entries at the end, fewer than the stride or the dilation
  Count dilation = 1;        ///< distance between the kernel's taps
  Count groups = 1;          ///< groups of channels, convolved separately
};

/// Options for conv_transpose2d.
struct ConvTranspose2dOptions {
  Size2d stride = 1;          ///< distance between the kernels in the result, rows and columns
  Padding padding = 0;        ///< entries cropped on each side; with `same`, H stride and W stride remain
  Size2d output_padding = 0;  ///< additional entries at the end of each axis, fewer than stride or dilation
  Size2d dilation = 1;        ///< distance between the kernel's taps
  Count groups = 1;           ///< groups of channels, convolved separately
};

namespace detail {

template <class T>
XGRAD_API Variable<T> conv1d(const Variable<T>& sequences, const Variable<T>& weight, const Variable<T>& bias,
                             const Conv1dOptions& options);
template <class T>
XGRAD_API Variable<T> conv2d(const Variable<T>& images, const Variable<T>& weight, const Variable<T>& bias,
                             const Conv2dOptions& options);
template <class T>
XGRAD_API Variable<T> conv_transpose1d(const Variable<T>& sequences, const Variable<T>& weight,
                                       const Variable<T>& bias, const ConvTranspose1dOptions& options);
template <class T>
XGRAD_API Variable<T> conv_transpose2d(const Variable<T>& images, const Variable<T>& weight,
                                       const Variable<T>& bias, const ConvTranspose2dOptions& options);

}  // namespace detail

/// y[n, i, j, o] = bias[o] + sum over u, v, c of x[n, s i + d u - p, s j + d v - p, c] w[o, u, v, c], with
/// zeros outside the image; with groups, c runs over the input channels of the group of o.
///
/// Images {N, H, W, I}, weight {O, kH, kW, I / groups}, bias {O}; the result is {N, H', W', O} with
/// H' = floor((H + padding - d (kH - 1) - 1) / s) + 1, padding being the total of both sides.
template <class X, class W>
  requires ArrayOperands<X, W>
auto conv2d(X&& images, W&& weight, const Conv2dOptions& options = {}) {
  using T = detail::common_scalar_t<X, W>;
  return detail::conv2d<T>(detail::lift<T>(std::forward<X>(images)), detail::lift<T>(std::forward<W>(weight)),
                           Variable<T>(), options);
}

/// The same with a bias for each output channel; an empty Variable means no bias.
template <class X, class W, class B>
  requires ArrayOperands<X, W, B>
auto conv2d(X&& images, W&& weight, B&& bias, const Conv2dOptions& options = {}) {
  using T = detail::common_scalar_t<X, W, B>;
  return detail::conv2d<T>(detail::lift<T>(std::forward<X>(images)), detail::lift<T>(std::forward<W>(weight)),
                           detail::lift<T>(std::forward<B>(bias)), options);
}

/// y[n, i, o] = bias[o] + sum over u, c of x[n, s i + d u - p, c] w[o, u, c]: conv2d with one axis. Sequences
/// {N, L, I}, weight {O, k, I / groups}, bias {O}; the result is {N, L', O}.
template <class X, class W>
  requires ArrayOperands<X, W>
auto conv1d(X&& sequences, W&& weight, const Conv1dOptions& options = {}) {
  using T = detail::common_scalar_t<X, W>;
  return detail::conv1d<T>(detail::lift<T>(std::forward<X>(sequences)),
                           detail::lift<T>(std::forward<W>(weight)), Variable<T>(), options);
}

/// The same with a bias for each output channel; an empty Variable means no bias.
template <class X, class W, class B>
  requires ArrayOperands<X, W, B>
auto conv1d(X&& sequences, W&& weight, B&& bias, const Conv1dOptions& options = {}) {
  using T = detail::common_scalar_t<X, W, B>;
  return detail::conv1d<T>(detail::lift<T>(std::forward<X>(sequences)),
                           detail::lift<T>(std::forward<W>(weight)), detail::lift<T>(std::forward<B>(bias)),
                           options);
}

/// The adjoint of conv2d as a function of its images (plus a bias), which inverts its change of shape: each
/// entry adds a kernel, scaled by it, to the result,
///
///     y[n, s i + d u - p, s j + d v - p, o] += x[n, i, j, c] w[o, u, v, c].
///
/// Images {N, H, W, I}, weight {O, kH, kW, I / groups} with O the channels of the result, bias {O}; the
/// result is {N, H', W', O} with H' = (H - 1) s - 2 p + d (kH - 1) + 1 + output_padding. PyTorch computes the
/// same; its weight {I, O / groups, kH, kW} corresponds to ours by w[o, u, v, c] = theirs[I / groups g + c,
/// o', u, v], o being the o'-th channel of group g: without groups, `theirs.permute(1, 2, 3, 0)`.
template <class X, class W>
  requires ArrayOperands<X, W>
auto conv_transpose2d(X&& images, W&& weight, const ConvTranspose2dOptions& options = {}) {
  using T = detail::common_scalar_t<X, W>;
  return detail::conv_transpose2d<T>(detail::lift<T>(std::forward<X>(images)),
                                     detail::lift<T>(std::forward<W>(weight)), Variable<T>(), options);
}

/// The same with a bias for each output channel; an empty Variable means no bias.
template <class X, class W, class B>
  requires ArrayOperands<X, W, B>
auto conv_transpose2d(X&& images, W&& weight, B&& bias, const ConvTranspose2dOptions& options = {}) {
  using T = detail::common_scalar_t<X, W, B>;
  return detail::conv_transpose2d<T>(detail::lift<T>(std::forward<X>(images)),
                                     detail::lift<T>(std::forward<W>(weight)),
                                     detail::lift<T>(std::forward<B>(bias)), options);
}

/// conv_transpose2d with one axis: sequences {N, L, I}, weight {O, k, I / groups}, bias {O} give {N, L', O}.
/// PyTorch's weight is {I, O / groups, k}: without groups, ours is `theirs.permute(1, 2, 0)`.
template <class X, class W>
  requires ArrayOperands<X, W>
auto conv_transpose1d(X&& sequences, W&& weight, const ConvTranspose1dOptions& options = {}) {
  using T = detail::common_scalar_t<X, W>;
  return detail::conv_transpose1d<T>(detail::lift<T>(std::forward<X>(sequences)),
                                     detail::lift<T>(std::forward<W>(weight)), Variable<T>(), options);
}

/// The same with a bias for each output channel; an empty Variable means no bias.
template <class X, class W, class B>
  requires ArrayOperands<X, W, B>
auto conv_transpose1d(X&& sequences, W&& weight, B&& bias, const ConvTranspose1dOptions& options = {}) {
  using T = detail::common_scalar_t<X, W, B>;
  return detail::conv_transpose1d<T>(detail::lift<T>(std::forward<X>(sequences)),
                                     detail::lift<T>(std::forward<W>(weight)),
                                     detail::lift<T>(std::forward<B>(bias)), options);
}

}  // namespace xgrad
