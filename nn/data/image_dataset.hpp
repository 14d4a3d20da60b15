#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <nn/data/dataset.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Images held as bytes.

namespace xgrad::nn {

/// Mean and standard deviation of each channel, over all samples and pixels.
struct ChannelStatistics {
  std::vector<double> mean;       ///< one for each channel
  std::vector<double> deviation;  ///< one for each channel, of the population
};

namespace detail {

/// The value of each byte in each channel: {256, C}, initially byte / 255.
template <class T>
XGRAD_API Array<T> byte_values(std::size_t channels);

/// The same values normalised: (x - mean) / deviation.
template <class T>
XGRAD_API Array<T> normalize_values(Array<T> values, std::vector<double> mean, std::vector<double> deviation);

/// Converts the images with these indices: a byte of channel c becomes `values(byte, c)`.
template <class T>
XGRAD_API void read_bytes(const Array<std::uint8_t>& images, std::span<const std::size_t> indices,
                          const Array<T>& values, Array<T>& result);

/// The statistics of the values of the images [begin, end), in one pass over the bytes.
template <class T>
XGRAD_API ChannelStatistics byte_statistics(const Array<std::uint8_t>& images, std::size_t begin,
                                            std::size_t end, const Array<T>& values);

/// Adds a missing axis of channels. Throws ShapeError unless the images are {N, H, W} or {N, H, W, C}.
XGRAD_API Array<std::uint8_t> with_channels(Array<std::uint8_t> images);

/// Throws ShapeError unless begin <= end <= size.
XGRAD_API void check_slice(std::size_t begin, std::size_t end, std::size_t size);

/// Accumulates the mean and the squared deviations of each channel, the last axis.
class XGRAD_API StatisticsCollector {
 public:
  template <class T>
  void add(const Array<T>& images);
  /// Throws ValueError if there was no entry.
  ChannelStatistics finish() const;

 private:
  double count_ = 0;
  std::vector<double> mean_, squares_;
};

}  // namespace detail

/// Images held as bytes, with a quarter of the memory of float. Each batch is converted when it is requested:
/// to numbers from 0 to 1 or, after `normalized`, (x - mean) / deviation. Copies and slices share the memory.
///
///     nn::ImageDataset all(nn::read_mnist<std::uint8_t>(folder));
///     const auto [mean, deviation] = all.statistics();
///     const auto train = all.normalized(mean, deviation).slice(0, 55'000);
///
/// T is the type of the inputs of the batches, L that of the targets. Bytes that are not images, such as
/// tokens, stay integers in an ArrayDataset.
template <class T = float, class L = std::uint8_t>
class ImageDataset {
 public:
  /// Inputs {N, H, W, C}, or {N, H, W} for one channel; targets of any type and shape {N, ...}. Arrays that
  /// are moved in are not copied. Throws ShapeError for any other shapes.
  template <ExpressionOf<std::uint8_t> Images, ExpressionOf<L> Labels>
  ImageDataset(Images&& images, Labels&& labels)
      : ImageDataset(Batch<std::uint8_t, L>{to_array<std::uint8_t>(std::forward<Images>(images)),
                                            to_array<L>(std::forward<Labels>(labels))}) {}

  /// Samples as returned by the readers of files.
  ImageDataset(Batch<std::uint8_t, L> samples) {  // NOLINT
    detail::check_samples("ImageDataset", samples.inputs.shape(), samples.targets.shape());
    samples.inputs = detail::with_channels(std::move(samples.inputs));
    end_ = samples.targets.shape()[0];
    values_ = std::make_shared<const Array<T>>(detail::byte_values<T>(samples.inputs.shape()[3]));
    arrays_ = std::make_shared<const Batch<std::uint8_t, L>>(std::move(samples));
  }

  /// The number of samples, of a slice those in it.
  std::size_t size() const { return end_ - begin_; }

  /// Inputs {n, H, W, C} in T, and their targets. Throws ValueError if an index is out of range.
  Batch<T, L> batch(std::span<const std::size_t> indices) const {
    detail::check_indices("ImageDataset", indices, size());
    std::vector<std::size_t> inner;  // of a slice
    if (begin_ > 0) {
      inner.assign(indices.begin(), indices.end());
      for (std::size_t& number : inner) number += begin_;
      indices = inner;
    }
    Shape shape = arrays_->inputs.shape();
    shape[0] = indices.size();
    Batch<T, L> result{Array<T>(shape), detail::gather_samples(arrays_->targets, indices)};
    detail::read_bytes(arrays_->inputs, indices, *values_, result.inputs);
    return result;
  }

  /// The samples [begin, end), in the same memory. Throws ShapeError if there are fewer.
  ImageDataset slice(std::size_t begin, std::size_t end) const {
    detail::check_slice(begin, end, size());
    ImageDataset part = *this;
    part.begin_ = begin_ + begin;
    part.end_ = begin_ + end;
    return part;
  }

  /// The same samples, with inputs (x - mean) / deviation of the current ones, as computed by nn::normalize,
  /// with one value for all channels or one for each. Throws ValueError if a deviation is not greater than 0
  /// or the numbers of means and deviations differ, ShapeError if they are not the number of channels.
  ImageDataset normalized(std::vector<double> mean, std::vector<double> deviation) const {
    ImageDataset result = *this;
    result.values_ = std::make_shared<const Array<T>>(
        detail::normalize_values(*values_, std::move(mean), std::move(deviation)));
    return result;
  }

  /// Mean and standard deviation of each channel of the inputs that batches contain, in one pass over the
  /// bytes. Throws ValueError if there are no images.
  ChannelStatistics statistics() const {
    return detail::byte_statistics(arrays_->inputs, begin_, end_, *values_);
  }

  /// The shape of one image, {H, W, C}.
  Shape image_shape() const {
    const Shape& shape = arrays_->inputs.shape();
    return Shape(shape.begin() + 1, shape.end());
  }

  /// A copy of the targets.
  Array<L> targets() const { return detail::copy_samples(arrays_->targets, begin_, end_); }

 private:
  std::shared_ptr<const Batch<std::uint8_t, L>> arrays_;
  std::shared_ptr<const Array<T>> values_;  // {256, C}: what each byte becomes
  std::size_t begin_ = 0, end_ = 0;         // the slice
};

/// Inputs are float, targets keep their type.
template <ExpressionOf<std::uint8_t> Images, Expression Labels>
ImageDataset(Images&&, Labels&&) -> ImageDataset<float, typename std::remove_cvref_t<Labels>::value_type>;
template <class L>
ImageDataset(Batch<std::uint8_t, L>) -> ImageDataset<float, L>;

/// Mean and standard deviation of each channel, the last axis, of the inputs of any set, in one pass over its
/// batches, as arguments of nn::normalize. Throws ValueError if there are no images.
template <Dataset D>
ChannelStatistics channel_statistics(const D& dataset) {
  if constexpr (requires { dataset.statistics(); }) {
    return dataset.statistics();
  } else {
    detail::StatisticsCollector collector;
    constexpr std::size_t at_once = 256;
    std::vector<std::size_t> indices;
    for (std::size_t first = 0; first < dataset.size(); first += at_once) {
      indices.resize(std::min(at_once, dataset.size() - first));
      std::iota(indices.begin(), indices.end(), first);
      collector.add(dataset.batch(indices).inputs);
    }
    return collector.finish();
  }
}

}  // namespace xgrad::nn
