#include <nn/data/cifar.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](const auto& path) { xgrad::nn::read_cifar10({path}); });
  return 0;
}
