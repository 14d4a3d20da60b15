#include <optim/training/checkpoint.hpp>

#include "fuzz.hpp"

/// Most inputs fail at the checksum; those of the first version, in the corpus, have none.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](const auto& path) { xgrad::optim::load_checkpoint(path); });
  return 0;
}
