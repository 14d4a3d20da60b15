#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/window.hpp>

#include <cstdint>
#include <optional>

/// \file
/// Pooling of images {N, H, W, C} on raw arrays, and the adjoints, over windows that slide or over bins.
/// Every window has a tap inside the image.

namespace xgrad::kernels {

using xgrad::detail::SlidingWindow;

/// For each entry of a pooling's result, the tap u kW + v of its window that it was taken from.
using Taps = Array<std::uint32_t>;

/// The largest entry of each window, a NaN where there is one. Where `taps` is not null, it gets the place of
/// that entry: among equals the first, or, given a `stream` of random numbers, one of them at random.
template <class T, class Axis>
void max_pool2d(const SlidingWindow<Axis>& window, const T* images, T* result, std::uint32_t* taps,
                std::optional<std::uint64_t> stream);

/// result[n, i, j, c] = the entry of channel c under that tap of window (i, j).
template <class T, class Axis>
void pool_gather(const SlidingWindow<Axis>& window, const std::uint32_t* taps, const T* images, T* result);

/// The adjoint of pool_gather: zeros, and each entry of `gradient` added where it was taken from.
template <class T, class Axis>
void pool_scatter(const SlidingWindow<Axis>& window, const std::uint32_t* taps, const T* gradient, T* images);

/// The sum of each window divided by its extent, or by the number of its taps inside the image.
template <class T, class Axis>
void avg_pool2d(const SlidingWindow<Axis>& window, bool count_padding, const T* images, T* result);

/// The adjoint of avg_pool2d.
template <class T, class Axis>
void avg_pool2d_gradient(const SlidingWindow<Axis>& window, bool count_padding, const T* gradient, T* images);

}  // namespace xgrad::kernels
