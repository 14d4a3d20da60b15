#pragma once

#include <cstdint>

namespace xgrad::kernels {

/// The i-th 64-bit number of a random stream (SplitMix64: Steele, Lea and Flood, 2014). Computed from its
/// index alone, so that random numbers do not depend on the number of threads.
inline std::uint64_t random_bits(std::uint64_t stream, std::uint64_t i) {
  std::uint64_t z = stream + (i + 1) * 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

}  // namespace xgrad::kernels
