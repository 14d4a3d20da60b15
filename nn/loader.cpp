#include <autodiff/error.hpp>
#include <nn/loader.hpp>

#include <fmt/format.h>

namespace xgrad::nn::detail {

std::size_t count_batches(const Shape& images, const Shape& labels, const DataLoaderOptions& options) {
  if (options.batch == 0) throw ValueError("DataLoader: batch is 0; expected at least 1 sample");
  if (images.empty() || labels.empty() || images[0] != labels[0]) {
    throw ShapeError(fmt::format("DataLoader: images {} and labels {}; expected first extents that are equal",
                                 to_string(images), to_string(labels)));
  }
  const std::size_t samples = images[0];
  return options.drop_last ? samples / options.batch
                           : samples / options.batch + (samples % options.batch != 0);
}

void throw_bad_samples(const Shape& shape, std::size_t begin, std::size_t end) {
  throw ShapeError(
      fmt::format("take_samples: samples {} to {} of an array of shape {}", begin, end, to_string(shape)));
}

}  // namespace xgrad::nn::detail
