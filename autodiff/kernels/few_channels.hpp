#pragma once

#include <autodiff/kernels/window.hpp>

#include <cstddef>

/// \file
/// Convolutions with few channels on one side. With channels in the lanes of a vector, as in oneDNN, most
/// lanes would be idle; here the lanes are positions along a row. Each function returns false, without having
/// written anything, if another implementation is faster. Shapes are those of convolution.hpp.

namespace xgrad::kernels::few_channels {

/// result = the convolution of the images + bias, for few output channels; `bias` may be null.
bool conv2d(const xgrad::detail::Window& window, std::size_t outputs, const float* images,
            const float* weight, const float* bias, float* result);

/// The adjoint of conv2d with respect to the images, for images with few channels.
bool conv2d_input_gradient(const xgrad::detail::Window& window, std::size_t outputs, const float* gradient,
                           const float* weight, float* images);

/// The adjoint of conv2d with respect to the weight, for few output channels.
bool conv2d_weight_gradient(const xgrad::detail::Window& window, std::size_t outputs, const float* images,
                            const float* gradient, float* weight);

}  // namespace xgrad::kernels::few_channels
