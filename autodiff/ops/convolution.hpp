#pragma once

#include <autodiff/ops/lift.hpp>
#include <autodiff/ops/window.hpp>

/// \file
/// Convolutions: correlations of images with kernels, as in all libraries of this field. Channels last.

namespace xgrad {

/// How a convolution moves over an image.
struct Conv2dOptions {
  Pair stride = 1;      ///< of the window, rows and columns
  Padding padding = 0;  ///< zeros around the image: a number, a pair, `valid` or `same`
  Pair dilation = 1;    ///< distance of the kernel's taps
};

namespace detail {

template <class T>
XGRAD_API Variable<T> conv2d(const Variable<T>& images, const Variable<T>& weight, const Variable<T>& bias,
                             const Conv2dOptions& options);

}  // namespace detail

/// y[n, i, j, o] = bias[o] + sum over u, v, c of x[n, s i + d u - p, s j + d v - p, c] w[o, u, v, c], zeros
/// outside the image.
///
/// Images {N, H, W, I}, weight {O, kH, kW, I}, bias {O}; the result is {N, H', W', O} with
/// H' = floor((H + padding - d (kH - 1) - 1) / s) + 1. Throws ShapeError where they do not fit, ValueError
/// for a stride or dilation of 0.
template <class X, class W>
  requires Operands<X, W>
auto conv2d(X&& images, W&& weight, const Conv2dOptions& options = {}) {
  using T = detail::common_scalar_t<X, W>;
  return detail::conv2d<T>(detail::lift<T>(std::forward<X>(images)), detail::lift<T>(std::forward<W>(weight)),
                           Variable<T>(), options);
}

/// The same with a bias for each output channel; an empty Variable is no bias.
template <class X, class W, class B>
  requires Operands<X, W, B>
auto conv2d(X&& images, W&& weight, B&& bias, const Conv2dOptions& options = {}) {
  using T = detail::common_scalar_t<X, W, B>;
  return detail::conv2d<T>(detail::lift<T>(std::forward<X>(images)), detail::lift<T>(std::forward<W>(weight)),
                           detail::lift<T>(std::forward<B>(bias)), options);
}

}  // namespace xgrad
