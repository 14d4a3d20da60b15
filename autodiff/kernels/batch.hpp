#pragma once

#include <xsimd/xsimd.hpp>

#include <type_traits>

/// \file
/// Vectors of numbers in registers.

namespace xgrad::kernels {

template <class T>
using Batch = xsimd::batch<T>;

/// x y + z, rounded once: the machine's own instruction, which xsimd 8 does not use for AVX-512.
template <class T>
Batch<T> multiply_add(const Batch<T>& x, const Batch<T>& y, const Batch<T>& z) {
#ifdef __AVX512F__
  if constexpr (std::is_same_v<T, float>) {
    return _mm512_fmadd_ps(x, y, z);
  } else {
    return _mm512_fmadd_pd(x, y, z);
  }
#else
  return xsimd::fma(x, y, z);
#endif
}

}  // namespace xgrad::kernels
