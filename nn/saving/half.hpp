#pragma once

#include <bit>
#include <cstdint>

/// \file
/// Converts the 16-bit floating-point formats of files to float, without rounding. Not installed.

namespace xgrad::nn::detail {

/// IEEE 754's binary16: 1 sign bit, 5 of the exponent (bias 15), 10 of the fraction.
inline float from_half(std::uint16_t bits) {
  const std::uint32_t sign = std::uint32_t{bits & 0x8000u} << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fu;
  const std::uint32_t fraction = bits & 0x3ffu;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24, exact in float
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(magnitude));
  }
  const std::uint32_t wide = exponent == 0x1f ? 0xffu : exponent + (127 - 15);  // infinities and NaNs stay
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

/// bfloat16: the upper half of a float.
inline float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

}  // namespace xgrad::nn::detail
