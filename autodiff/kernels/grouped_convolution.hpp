#pragma once

#include <autodiff/kernels/window.hpp>

#include <cstddef>

/// \file
/// Convolution and its two adjoints in groups, on raw arrays: the first I / groups channels of the images
/// {N, H, W, I} make the first O / groups channels of the results {N, H', W', O}, and so on; the weight is
/// {O, kH, kW, I / groups}. The window carries N, H, W, I and the geometry; `groups` divides O and I.
///
/// One group is a plain convolution, see convolution.hpp. Groups of one channel of the images (a depthwise
/// convolution) are computed channel beside channel, others one after the other, as plain convolutions of
/// their part.

namespace xgrad::kernels {

/// A null `bias` is none.
template <class T>
void grouped_conv2d(const xgrad::detail::Window& window, std::size_t outputs, std::size_t groups,
                    const T* images, const T* weight, const T* bias, T* result);

/// The adjoint of grouped_conv2d as a function of the images, applied to `gradient`.
template <class T>
void grouped_conv2d_input_gradient(const xgrad::detail::Window& window, std::size_t outputs,
                                   std::size_t groups, const T* gradient, const T* weight, T* images);

/// The adjoint of grouped_conv2d as a function of the weight, applied to `gradient`.
template <class T>
void grouped_conv2d_weight_gradient(const xgrad::detail::Window& window, std::size_t outputs,
                                    std::size_t groups, const T* images, const T* gradient, T* weight);

}  // namespace xgrad::kernels
