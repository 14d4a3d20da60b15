#pragma once

#include <autodiff/kernels/window.hpp>

#include <cstddef>

/// \file
/// Convolutions with few channels on one side. Who keeps channels in the lanes of a vector, as oneDNN does,
/// leaves most lanes idle there; here the lanes are places along a row. Each function returns false where
/// another way is faster, and then has written nothing. Shapes are those of convolution.hpp.

namespace xgrad::kernels::few_channels {

/// result = the convolution of the images + bias, for few outputs; a null `bias` is none.
bool conv2d(const xgrad::detail::Window& window, std::size_t outputs, const float* images,
            const float* weight, const float* bias, float* result);

/// The adjoint of conv2d by the images, for few channels of these.
bool conv2d_input_gradient(const xgrad::detail::Window& window, std::size_t outputs, const float* gradient,
                           const float* weight, float* images);

/// The adjoint of conv2d by the weight, for few outputs.
bool conv2d_weight_gradient(const xgrad::detail::Window& window, std::size_t outputs, const float* images,
                            const float* gradient, float* weight);

}  // namespace xgrad::kernels::few_channels
