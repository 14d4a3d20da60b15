#pragma once

#include <autodiff/kernels/window.hpp>

#include <cstddef>

/// \file
/// Convolutions in float by oneDNN, on channels-last images without reordering. Each function returns false,
/// without having done anything, if oneDNN has no suitable implementation; the caller then uses its own
/// kernel. In builds without oneDNN they always return false.
///
/// Each thread caches the primitives it has used, by shape, with their last weights in oneDNN's layout: small
/// weights are reordered only when they change. Activations are never reordered.

namespace xgrad::kernels::onednn {

#ifdef XGRAD_WITH_ONEDNN

/// See kernels::conv2d, kernels::grouped_conv2d and their adjoints.
bool conv2d(const xgrad::detail::Window& window, std::size_t outputs, const float* images,
            const float* weight, const float* bias, float* result, std::size_t groups = 1);
bool conv2d_input_gradient(const xgrad::detail::Window& window, std::size_t outputs, const float* gradient,
                           const float* weight, float* images, std::size_t groups = 1);
bool conv2d_weight_gradient(const xgrad::detail::Window& window, std::size_t outputs, const float* images,
                            const float* gradient, float* weight, std::size_t groups = 1);

#else

inline bool conv2d(const xgrad::detail::Window&, std::size_t, const float*, const float*, const float*,
                   float*, std::size_t = 1) {
  return false;
}
inline bool conv2d_input_gradient(const xgrad::detail::Window&, std::size_t, const float*, const float*,
                                  float*, std::size_t = 1) {
  return false;
}
inline bool conv2d_weight_gradient(const xgrad::detail::Window&, std::size_t, const float*, const float*,
                                   float*, std::size_t = 1) {
  return false;
}

#endif

}  // namespace xgrad::kernels::onednn
