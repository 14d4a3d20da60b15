#pragma once

#include <autodiff/kernels/window.hpp>

#include <cstddef>
#include <span>

/// \file
/// Convolution and its two adjoints on raw arrays: images {N, H, W, I}, weight {O, kH, kW, I}, results
/// {N, H', W', O}, for any T. The window holds N, H, W, I and the geometry.
///
/// Each is a matrix product with the columns of the images (im2col): a matrix {P, K} with a row for each of
/// the P = N H' W' windows, which holds the K = kH kW I entries under the window. The columns are computed in
/// blocks that stay in cache, and the blocks are divided among the threads.

namespace xgrad::kernels {

/// result = columns weight^T + bias; `bias` may be null.
template <class T>
void conv2d(const xgrad::detail::Window& window, std::size_t outputs, const T* images, const T* weight,
            const T* bias, T* result);

/// The adjoint of conv2d with respect to the images, applied to `gradient`: images = col2im(gradient weight),
/// which adds each entry of the columns to the image entry that it was read from.
template <class T>
void conv2d_input_gradient(const xgrad::detail::Window& window, std::size_t outputs, const T* gradient,
                           const T* weight, T* images);

/// The adjoint of conv2d with respect to the weight, applied to `gradient`: weight = gradient^T columns. The
/// threads' partial sums are added in order, so the result is bit-identical for the same number of threads.
template <class T>
void conv2d_weight_gradient(const xgrad::detail::Window& window, std::size_t outputs, const T* images,
                            const T* gradient, T* weight);

/// One way to compute convolutions in float without groups. Each function decides by the sizes whether this
/// way is the fastest for them: if not, or if it cannot compute them, it returns false and has written
/// nothing.
struct ConvolutionBackend {
  const char* name;
  const char* purpose;  ///< the sizes for which it is used, and why
  bool (*conv2d)(const xgrad::detail::Window&, std::size_t outputs, const float* images, const float* weight,
                 const float* bias, float* result);
  bool (*conv2d_input_gradient)(const xgrad::detail::Window&, std::size_t outputs, const float* gradient,
                                const float* weight, float* images);
  bool (*conv2d_weight_gradient)(const xgrad::detail::Window&, std::size_t outputs, const float* images,
                                 const float* gradient, float* weight);
};

/// The backends in the order in which they are tried; the last one, im2col, computes every convolution. To
/// add one, add a row before it in convolution.cpp. Grouped convolutions: grouped_convolution.cpp.
std::span<const ConvolutionBackend> convolution_backends();

}  // namespace xgrad::kernels
