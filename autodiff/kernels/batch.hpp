#pragma once

#include <xsimd/xsimd.hpp>

#include <type_traits>

/// \file
/// Vectors of numbers in registers, and the one place that includes xsimd: what differs between its releases
/// is told apart here.

namespace xgrad::kernels {

template <class T>
using Batch = xsimd::batch<T>;

/// The same bits, as entries of another type of the same size.
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
