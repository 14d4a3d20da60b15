#pragma once

#include <autodiff/error.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <limits>

/// \file
/// The one way in which an extent becomes an argument of BLAS or LAPACK.

namespace xgrad::kernels {

/// An extent, or a distance between rows, as the `int` that BLAS and LAPACK take. Throws ShapeError for one
/// that does not fit; so it is called before a parallel region, never inside.
inline int blas_extent(const char* operation, std::size_t extent) {
  constexpr int largest = std::numeric_limits<int>::max();
  if (extent > static_cast<std::size_t>(largest)) {
    throw ShapeError(
        fmt::format("{}: got an extent of {}; BLAS and LAPACK take at most {}", operation, extent, largest));
  }
  return static_cast<int>(extent);
}

}  // namespace xgrad::kernels
