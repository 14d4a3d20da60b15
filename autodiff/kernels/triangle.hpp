#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/broadcast.hpp>

#include <algorithm>

/// \file
/// Triangles of matrices.

namespace xgrad::kernels {

/// The side of a diagonal whose entries are kept.
enum class Triangle : bool { lower, upper };

/// Matrices {..., m, n} with the entries beyond diagonal k set to 0: those with j - i > k for the lower
/// triangle, those with j - i < k for the upper. Diagonal k is kept.
template <class T>
Array<T> triangle(const Array<T>& x, Triangle which, std::ptrdiff_t k) {
  Array<T> result(x.shape());
  if (x.size() == 0) return result;
  const std::size_t m = x.shape()[x.dimension() - 2];
  const std::size_t n = x.shape()[x.dimension() - 1];
  parallel_for(x.size() / n, elementwise_grain / n + 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      const T* in = x.data() + row * n;
      T* out = result.data() + row * n;
      // The first column to be zeroed (lower) or kept (upper).
      const auto bound = static_cast<std::ptrdiff_t>(row % m) + k + (which == Triangle::lower ? 1 : 0);
      const auto split =
          static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(bound, 0, static_cast<std::ptrdiff_t>(n)));
      if (which == Triangle::lower) {
        std::copy_n(in, split, out);
        std::fill_n(out + split, n - split, T(0));
      } else {
        std::fill_n(out, split, T(0));
        std::copy_n(in + split, n - split, out + split);
      }
    }
  });
  return result;
}

}  // namespace xgrad::kernels
