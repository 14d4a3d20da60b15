#include <nn/saving/safetensors.hpp>

#include "fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::run(data, size, [](const auto& path) {
    const auto contents = xgrad::nn::read_safetensors(path);
    // What was read must survive writing and reading again.
    const std::filesystem::path copy =
        std::filesystem::temp_directory_path() / ("xgrad-fuzz-" + std::to_string(getpid()));
    xgrad::nn::write_safetensors(copy, contents);
    const auto again = xgrad::nn::read_safetensors(copy);
    std::filesystem::remove(copy);
    if (again.arrays.size() != contents.arrays.size() || again.metadata != contents.metadata) std::abort();
  });
  return 0;
}
