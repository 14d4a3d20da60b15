#pragma once

#include <autodiff/kernels/window.hpp>

#include <cstddef>

/// \file
/// Grouped convolution and its two adjoints on raw arrays: the first O / groups channels of the results
/// {N, H', W', O} are computed from the first I / groups channels of the images {N, H, W, I}, and so on; the
/// weight is {O, kH, kW, I / groups}. The window holds N, H, W, I and the geometry; `groups` divides O and I.
///
/// One group is a plain convolution, see convolution.hpp. Groups of one input channel (a depthwise
/// convolution) are computed for all channels at once, other groups one after the other as plain
/// convolutions.

namespace xgrad::kernels {

/// The grouped convolution + bias; `bias` may be null.
template <class T>
void grouped_conv2d(const xgrad::detail::Window& window, std::size_t outputs, std::size_t groups,
                    const T* images, const T* weight, const T* bias, T* result);

/// The adjoint of grouped_conv2d with respect to the images, applied to `gradient`.
template <class T>
void grouped_conv2d_input_gradient(const xgrad::detail::Window& window, std::size_t outputs,
                                   std::size_t groups, const T* gradient, const T* weight, T* images);

/// The adjoint of grouped_conv2d with respect to the weight, applied to `gradient`.
template <class T>
void grouped_conv2d_weight_gradient(const xgrad::detail::Window& window, std::size_t outputs,
                                    std::size_t groups, const T* images, const T* gradient, T* weight);

}  // namespace xgrad::kernels
