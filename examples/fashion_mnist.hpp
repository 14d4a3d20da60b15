#pragma once

#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

// Reads the data of the examples: Fashion-MNIST, or any data in its format.

namespace fashion_mnist {

using namespace xgrad;

using Samples = nn::ImageDataset<float, std::uint8_t>;  // batches {N, 28, 28, 1} of 10 classes

constexpr const char* default_folder = "/usr/share/datasets/fashion-mnist";

struct Data {
  Samples train, validation, test;
  float background;                  // a black pixel after normalisation
  bool is_fashion;                   // not digits
  std::string name;                  // of the data
  std::vector<std::string> classes;  // their names
};

inline Samples read_samples(const std::string& folder, const std::string& part) {
  auto samples = nn::read_mnist<std::uint8_t>(folder, part);  // a quarter of the memory of float
  const auto& shape = samples.inputs.shape();
  if (shape[0] == 0 || shape[1] != 28 || shape[2] != 28) {
    throw FileError(fmt::format("{}: {} images of {} x {}; expected images of 28 x 28", folder, shape[0],
                                shape[1], shape[2]));
  }
  for (const int label : samples.targets) {
    if (label > 9) throw FileError(fmt::format("{}: label {}; expected 0 ... 9", folder, label));
  }
  return samples;
}

/// Reads the data, holds out the last 5,000 training images (at most a tenth) for validation, and normalises
/// all images to mean 0 and deviation 1 over the training set, of which at most `most` images are kept.
inline Data read(const std::string& folder, std::size_t most = 60'000) {
  fmt::print("reading {}\n", folder);  // it takes a moment
  std::fflush(stdout);
  const Samples all = read_samples(folder, "train");
  const std::size_t count = all.size();
  const std::size_t held_out = std::min<std::size_t>(5000, count / 10);
  if (held_out == 0) {
    throw FileError(fmt::format("{}: {} training images are too few to hold any out", folder, count));
  }
  const Samples train = all.slice(0, std::min(most, count - held_out));
  const auto [mean, deviation] = train.statistics();
  const double scale = deviation[0] + 1e-8;
  Data data{train.normalized(mean, {scale}),
            all.slice(count - held_out, count).normalized(mean, {scale}),
            read_samples(folder, "t10k").normalized(mean, {scale}),
            static_cast<float>(-mean[0] / scale),
            false,
            {},
            {}};
  std::error_code none;  // if the default folder is missing, `folder` is not it
  data.is_fashion = std::filesystem::equivalent(folder, default_folder, none);
  const auto absolute = std::filesystem::absolute(folder).lexically_normal();
  data.name = data.is_fashion           ? "Fashion-MNIST"
              : absolute.has_filename() ? absolute.filename().string()
                                        : absolute.parent_path().filename().string();
  data.classes = data.is_fashion ? std::vector<std::string>{"T-shirt", "Trouser", "Pullover", "Dress", "Coat",
                                                            "Sandal",  "Shirt",   "Sneaker",  "Bag",   "Boot"}
                                 : std::vector<std::string>{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  return data;
}

}  // namespace fashion_mnist
