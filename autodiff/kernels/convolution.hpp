#pragma once

#include <autodiff/kernels/window.hpp>

#include <cstddef>

/// \file
/// Convolution and its two adjoints on raw arrays: images {N, H, W, I}, weight {O, kH, kW, I}, results
/// {N, H', W', O}, for any T. The window carries N, H, W, I and the geometry.
///
/// Each is a matrix product with the columns of the images: a matrix {P, K} with a row for each of the
/// P = N H' W' windows, which holds the K = kH kW I entries under it. The columns are made block by block, so
/// that they stay in cache, and blocks are shared among the threads.

namespace xgrad::kernels {

/// result = columns weight^T + bias; a null `bias` is none.
template <class T>
void conv2d(const xgrad::detail::Window& window, std::size_t outputs, const T* images, const T* weight,
            const T* bias, T* result);

/// The adjoint of conv2d as a function of the images, applied to `gradient`: images = sum of the rows of
/// gradient weight, each entry added where it came from.
template <class T>
void conv2d_input_gradient(const xgrad::detail::Window& window, std::size_t outputs, const T* gradient,
                           const T* weight, T* images);

/// The adjoint of conv2d as a function of the weight, applied to `gradient`: weight = gradient^T columns.
/// The threads' sums are added in order: the same bits for the same number of threads.
template <class T>
void conv2d_weight_gradient(const xgrad::detail::Window& window, std::size_t outputs, const T* images,
                            const T* gradient, T* weight);

}  // namespace xgrad::kernels
