#include <nn/data/idx.hpp>

#include "fuzz.hpp"

/// The first byte is the number of axes, the others are the file.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  fuzz::run(data + 1, size - 1, [&](const auto& path) { xgrad::nn::read_idx(path.string(), data[0] & 7); });
  return 0;
}
