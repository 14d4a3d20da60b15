#include <autodiff/error.hpp>
#include <nn/data/dataset.hpp>

#include <fmt/format.h>

namespace xgrad::nn::detail {

void check_samples(const char* caller, const Shape& images, const Shape& labels) {
  if (images.empty() || labels.empty() || images[0] != labels[0]) {
    throw ShapeError(fmt::format("{}: expected inputs and targets with equal first extents, got {} and {}",
                                 caller, to_string(images), to_string(labels)));
  }
}

void throw_bad_samples(const Shape& shape, std::size_t begin, std::size_t end) {
  throw ShapeError(fmt::format("take_samples: samples {} to {} are out of range for an array of shape {}",
                               begin, end, to_string(shape)));
}

void check_indices(const char* caller, std::span<const std::size_t> indices, std::size_t size) {
  for (const std::size_t number : indices) {
    if (number >= size)
      throw ValueError(fmt::format("{}: index {} is out of range for {} samples", caller, number, size));
  }
}

}  // namespace xgrad::nn::detail
