#include <nn/data/npy.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](const auto& path) { xgrad::nn::read_npy(path); });
  return 0;
}
