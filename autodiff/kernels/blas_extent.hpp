#pragma once

#include <autodiff/error.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <limits>

/// \file
/// Conversion of extents to arguments of BLAS and LAPACK.

namespace xgrad::kernels {

/// Converts an extent or a leading dimension to the `int` that BLAS and LAPACK take. Throws ShapeError if it
/// does not fit; call it before a parallel region, never inside one.
inline int blas_extent(const char* operation, std::size_t extent) {
  constexpr int largest = std::numeric_limits<int>::max();
  if (extent > static_cast<std::size_t>(largest)) {
    throw ShapeError(
        fmt::format("{}: got an extent of {}; BLAS and LAPACK take at most {}", operation, extent, largest));
  }
  return static_cast<int>(extent);
}

}  // namespace xgrad::kernels
