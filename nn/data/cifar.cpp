#include <autodiff/error.hpp>
#include <autodiff/files/input_file.hpp>
#include <autodiff/instantiate.hpp>
#include <nn/data/cifar.hpp>

#include <fmt/format.h>

#include <string>
#include <type_traits>

namespace xgrad::nn {
namespace {

constexpr std::size_t side = 32;
constexpr std::size_t plane = side * side;
constexpr std::size_t channels = 3;
constexpr std::size_t record = 1 + channels * plane;

template <class T>
T pixel(std::uint8_t byte) {
  if constexpr (std::is_same_v<T, std::uint8_t>) {
    return byte;
  } else {
    return static_cast<T>(byte) / T(255);
  }
}

}  // namespace

template <class T>
Batch<T, std::uint8_t> read_cifar10(const std::vector<std::filesystem::path>& files) {
  if (files.empty()) throw FileError("read_cifar10: expected at least one file, got none");
  std::vector<std::string> contents;
  std::size_t count = 0;
  for (const auto& path : files) {
    contents.push_back(files::read_whole_file(path));
    const std::size_t bytes = contents.back().size();
    if (bytes == 0 || bytes % record != 0) {
      throw FileError(fmt::format(
          "{0}: expected whole images of {2} bytes, got {1} bytes: not a CIFAR-10 file, or truncated",
          path.string(), bytes, record));
    }
    count += bytes / record;
  }
  Batch<T, std::uint8_t> samples{Array<T>(Shape{count, side, side, channels}),
                                 Array<std::uint8_t>(Shape{count})};
  std::size_t n = 0;
  for (std::size_t f = 0; f < files.size(); ++f) {
    for (std::size_t i = 0; i < contents[f].size() / record; ++i, ++n) {
      const auto* bytes = reinterpret_cast<const std::uint8_t*>(contents[f].data()) + i * record;
      if (bytes[0] > 9) {
        throw FileError(fmt::format("{0}: expected labels 0 ... 9, got {2} for image {1}", files[f].string(),
                                    i, bytes[0]));
      }
      samples.targets(n) = bytes[0];
      T* pixels = samples.inputs.data() + n * plane * channels;
      for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t p = 0; p < plane; ++p) {
          pixels[p * channels + c] = pixel<T>(bytes[1 + c * plane + p]);
        }
      }
    }
    contents[f] = {};  // frees memory for the next images
  }
  return samples;
}

#define XGRAD_INSTANTIATE(T) \
  template Batch<T, std::uint8_t> read_cifar10<T>(const std::vector<std::filesystem::path>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
XGRAD_INSTANTIATE(std::uint8_t)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn
