#pragma once

#include <xsimd/xsimd.hpp>

#include <type_traits>

/// \file
/// SIMD vectors. The only file that includes xsimd; it handles the differences between xsimd's releases.

namespace xgrad::kernels {

template <class T>
using Batch = xsimd::batch<T>;

/// Reinterprets the bits as entries of another type of the same size.
template <class To, class From>
xsimd::batch<To> bitwise_cast(const xsimd::batch<From>& x) {
#if XSIMD_VERSION_MAJOR >= 11
  return xsimd::bitwise_cast<To>(x);
#else
  return xsimd::bitwise_cast<xsimd::batch<To>>(x);
#endif
}

/// The sum of a vector's entries.
template <class T>
T reduce_add(const xsimd::batch<T>& x) {
#if XSIMD_VERSION_MAJOR >= 9
  return xsimd::reduce_add(x);
#else
  return xsimd::hadd(x);
#endif
}

/// Whether `multiply_add` is one instruction, rounded once.
#if defined(__FMA__) || defined(__AVX512F__) || defined(__aarch64__)
inline constexpr bool has_fma = true;
#else
inline constexpr bool has_fma = false;
#endif

/// x y + z, rounded once if `has_fma`. AVX-512 needs its intrinsics here, because xsimd 8 does not use its
/// instruction.
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
