#include <autodiff/error.hpp>
#include <autodiff/instantiate.hpp>
#include <nn/data/augmentation.hpp>
#include <nn/data/image_dataset.hpp>

#include <fmt/format.h>

#include <cmath>

namespace xgrad::nn::detail {
namespace {

constexpr std::size_t byte_count = 256;

[[noreturn]] void throw_no_images() { throw ValueError("channel_statistics: expected at least one image"); }

}  // namespace

Array<std::uint8_t> with_channels(Array<std::uint8_t> images) {
  const Shape& shape = images.shape();
  if (shape.size() != 3 && shape.size() != 4) {
    throw ShapeError(
        fmt::format("ImageDataset: expected images {{N, H, W, C}} or {{N, H, W}}, got {}", to_string(shape)));
  }
  if (shape.size() == 3) images.reshape(Shape{shape[0], shape[1], shape[2], 1});
  return images;
}

void check_slice(std::size_t begin, std::size_t end, std::size_t size) {
  if (begin > end || end > size) {
    throw ShapeError(
        fmt::format("ImageDataset: slice {} to {} is out of range for {} images", begin, end, size));
  }
}

template <class T>
Array<T> byte_values(std::size_t channels) {
  Array<T> values(Shape{byte_count, channels});
  for (std::size_t i = 0; i < values.size(); ++i) {
    values.data()[i] = static_cast<T>(i / channels) / T(255);
  }
  return values;
}

template <class T>
Array<T> normalize_values(Array<T> values, std::vector<double> mean, std::vector<double> deviation) {
  const std::size_t channels = values.shape()[1];
  if (mean.size() > 1 && mean.size() == deviation.size() && mean.size() != channels) {
    throw ShapeError(
        fmt::format("normalized: expected {} means, one for each channel, got {}", channels, mean.size()));
  }
  Generator not_used;
  normalize(std::move(mean), std::move(deviation))(values, not_used);
  return values;
}

template <class T>
void read_bytes(const Array<std::uint8_t>& images, std::span<const std::size_t> indices,
                const Array<T>& values, Array<T>& result) {
  const std::size_t channels = values.shape()[1];
  const std::size_t size = indices.empty() ? 0 : result.size() / indices.size();
  const T* const table = values.data();
  for (std::size_t n = 0; n < indices.size(); ++n) {
    const std::uint8_t* const image = images.data() + indices[n] * size;
    T* const out = result.data() + n * size;
    if (channels == 1) {
      for (std::size_t i = 0; i < size; ++i) out[i] = table[image[i]];
    } else {
      for (std::size_t i = 0; i < size; i += channels) {
        for (std::size_t c = 0; c < channels; ++c) out[i + c] = table[image[i + c] * channels + c];
      }
    }
  }
}

template <class T>
ChannelStatistics byte_statistics(const Array<std::uint8_t>& images, std::size_t begin, std::size_t end,
                                  const Array<T>& values) {
  const std::size_t channels = values.shape()[1];
  const std::size_t pixels = (end - begin) * images.shape()[1] * images.shape()[2];
  if (pixels == 0 || channels == 0) throw_no_images();
  // Counts of each byte in each channel. Neighbouring pixels are often equal: with four counts, one for each
  // of four pixels, an increment does not wait for the one before.
  constexpr std::size_t lanes = 4;
  std::vector<std::uint64_t> counts(lanes * channels * byte_count);
  const std::uint8_t* byte = images.data() + begin * images.shape()[1] * images.shape()[2] * channels;
  for (std::size_t pixel = 0; pixel < pixels; ++pixel) {
    std::uint64_t* const own = counts.data() + pixel % lanes * channels * byte_count;
    for (std::size_t c = 0; c < channels; ++c) ++own[c * byte_count + *byte++];
  }
  ChannelStatistics result{std::vector<double>(channels), std::vector<double>(channels)};
  for (std::size_t c = 0; c < channels; ++c) {
    const auto weighted_mean = [&](const auto& f) {
      double total = 0;
      for (std::size_t b = 0; b < byte_count; ++b) {
        std::uint64_t count = 0;
        for (std::size_t lane = 0; lane < lanes; ++lane) {
          count += counts[(lane * channels + c) * byte_count + b];
        }
        total += static_cast<double>(count) * f(static_cast<double>(values(b, c)));
      }
      return total / static_cast<double>(pixels);
    };
    const double mean = weighted_mean([](double x) { return x; });
    result.mean[c] = mean;
    result.deviation[c] = std::sqrt(weighted_mean([mean](double x) { return (x - mean) * (x - mean); }));
  }
  return result;
}

template <class T>
void StatisticsCollector::add(const Array<T>& images) {
  const std::size_t channels = images.dimension() == 0 ? 1 : images.shape().back();
  if (images.size() == 0) return;
  if (mean_.empty()) mean_.resize(channels), squares_.resize(channels);
  if (channels != mean_.size()) {
    throw ShapeError(fmt::format("channel_statistics: expected images of {} channels, got shape {}",
                                 mean_.size(), to_string(images.shape())));
  }
  // Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979.
  const double count = static_cast<double>(images.size() / channels);
  for (std::size_t c = 0; c < channels; ++c) {
    double mean = 0, squares = 0;
    for (std::size_t i = c; i < images.size(); i += channels) mean += static_cast<double>(images.data()[i]);
    mean /= count;
    for (std::size_t i = c; i < images.size(); i += channels) {
      const double difference = static_cast<double>(images.data()[i]) - mean;
      squares += difference * difference;
    }
    const double apart = mean - mean_[c];
    mean_[c] += apart * count / (count_ + count);
    squares_[c] += squares + apart * apart * count_ * count / (count_ + count);
  }
  count_ += count;
}

ChannelStatistics StatisticsCollector::finish() const {
  if (count_ == 0) throw_no_images();
  ChannelStatistics result{mean_, squares_};
  for (double& each : result.deviation) each = std::sqrt(each / count_);
  return result;
}

#define XGRAD_INSTANTIATE(T)                                                                             \
  template Array<T> byte_values<T>(std::size_t);                                                         \
  template Array<T> normalize_values<T>(Array<T>, std::vector<double>, std::vector<double>);             \
  template void read_bytes<T>(const Array<std::uint8_t>&, std::span<const std::size_t>, const Array<T>&, \
                              Array<T>&);                                                                \
  template ChannelStatistics byte_statistics<T>(const Array<std::uint8_t>&, std::size_t, std::size_t,    \
                                                const Array<T>&);                                        \
  template void StatisticsCollector::add<T>(const Array<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn::detail
