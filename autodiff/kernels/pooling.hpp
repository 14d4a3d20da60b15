#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/window.hpp>

#include <cstdint>
#include <optional>

/// \file
/// Pooling of images {N, H, W, C} on raw arrays, and its adjoints, over sliding windows or bins. Every window
/// must have a tap inside the image.

namespace xgrad::kernels {

using xgrad::detail::SlidingWindow;

/// For each entry of a pooling's result, the index u kW + v of the tap of its window that was selected.
using Taps = Array<std::uint32_t>;

/// The largest entry of each window, or NaN if the window has one. If `taps` is not null, it receives the tap
/// of that entry: the first among equal entries, or, given a `stream` of random numbers, one of them at
/// random.
template <class T, class Axis>
void max_pool2d(const SlidingWindow<Axis>& window, const T* images, T* result, std::uint32_t* taps,
                std::optional<std::uint64_t> stream);

/// result[n, i, j, c] = the entry of channel c under tap taps[n, i, j, c] of window (i, j).
template <class T, class Axis>
void pool_gather(const SlidingWindow<Axis>& window, const std::uint32_t* taps, const T* images, T* result);

/// The adjoint of pool_gather: sets `images` to zero and adds each entry of `gradient` to the entry under its
/// tap.
template <class T, class Axis>
void pool_scatter(const SlidingWindow<Axis>& window, const std::uint32_t* taps, const T* gradient, T* images);

/// The sum of each window divided by the number of its taps: of all if `count_padding`, else of those inside
/// the image.
template <class T, class Axis>
void avg_pool2d(const SlidingWindow<Axis>& window, bool count_padding, const T* images, T* result);

/// The adjoint of avg_pool2d.
template <class T, class Axis>
void avg_pool2d_gradient(const SlidingWindow<Axis>& window, bool count_padding, const T* gradient, T* images);

}  // namespace xgrad::kernels
