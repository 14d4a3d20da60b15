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
  std::vector<double> mean;
  std::vector<double> deviation;
};

namespace detail {

/// What each byte of each channel becomes: {256, C}, first byte / 255.
template <class T>
XGRAD_API Array<T> byte_values(std::size_t channels);

/// The same values normalised: (x - mean) / deviation.
template <class T>
XGRAD_API Array<T> normalize_values(Array<T> values, std::vector<double> mean, std::vector<double> deviation);

/// The images with these indices in values: entry i of a pixel's channel c is `values(byte, c)`.
template <class T>
XGRAD_API void read_bytes(const Array<std::uint8_t>& images, std::span<const std::size_t> indices,
                          const Array<T>& values, Array<T>& result);

/// The statistics of the values of the images [begin, end), in one pass over the bytes.
template <class T>
XGRAD_API ChannelStatistics byte_statistics(const Array<std::uint8_t>& images, std::size_t begin,
                                            std::size_t end, const Array<T>& values);

/// Images with an axis of channels. Throws ShapeError, unless they are {N, H, W} or {N, H, W, C}.
XGRAD_API Array<std::uint8_t> with_channels(Array<std::uint8_t> images);

/// Throws ShapeError, unless begin <= end <= size.
XGRAD_API void check_slice(std::size_t begin, std::size_t end, std::size_t size);

/// Adds up the mean and the squared deviations of the entries of each channel, the last axis.
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

/// Images held as bytes, a quarter of the memory of float: each batch is made of them when it is asked for,
/// as numbers from 0 to 1 or, after `normalized`, (x - mean) / deviation. Copies and slices share the memory.
///
///     nn::ImageDataset all(nn::read_mnist<std::uint8_t>(folder));
///     const auto [mean, deviation] = all.statistics();
///     const auto train = all.normalized(mean, deviation).slice(0, 55'000);
///
/// T is the type of the batches' images, L that of the labels. Bytes that are not images, such as tokens,
/// stay integers in an ArrayDataset.
template <class T = float, class L = std::uint8_t>
class ImageDataset {
 public:
  /// Images {N, H, W, C}, or {N, H, W}, which get one channel; labels of any type and shape {N, ...}. Arrays
  /// that are moved in are taken over without a copy. Throws ShapeError if the shapes are others.
  template <ExpressionOf<std::uint8_t> Images, ExpressionOf<L> Labels>
  ImageDataset(Images&& images, Labels&& labels)
      : ImageDataset(Batch<std::uint8_t, L>{to_array<std::uint8_t>(std::forward<Images>(images)),
                                            to_array<L>(std::forward<Labels>(labels))}) {}

  /// The samples of a file, as the readers return them.
  ImageDataset(Batch<std::uint8_t, L> samples) {  // NOLINT
    detail::check_samples("ImageDataset", samples.inputs.shape(), samples.targets.shape());
    samples.inputs = detail::with_channels(std::move(samples.inputs));
    end_ = samples.targets.shape()[0];
    values_ = std::make_shared<const Array<T>>(detail::byte_values<T>(samples.inputs.shape()[3]));
    arrays_ = std::make_shared<const Batch<std::uint8_t, L>>(std::move(samples));
  }

  std::size_t size() const { return end_ - begin_; }

  /// Images {n, H, W, C} in T, and their labels. Throws ValueError for an index out of range.
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

  /// The images [begin, end), in the same memory. Throws ShapeError if there are fewer.
  ImageDataset slice(std::size_t begin, std::size_t end) const {
    detail::check_slice(begin, end, size());
    ImageDataset part = *this;
    part.begin_ = begin_ + begin;
    part.end_ = begin_ + end;
    return part;
  }

  /// The same images, whose batches are (x - mean) / deviation of what they are now, as nn::normalize
  /// computes it; one number for all channels, or one for each. Throws ValueError if a deviation is not
  /// greater than 0 or the numbers of both differ, ShapeError if they are not as many as channels.
  ImageDataset normalized(std::vector<double> mean, std::vector<double> deviation) const {
    ImageDataset result = *this;
    result.values_ = std::make_shared<const Array<T>>(
        detail::normalize_values(*values_, std::move(mean), std::move(deviation)));
    return result;
  }

  /// Mean and standard deviation of each channel of what the batches hold, in one pass over the bytes. Throws
  /// ValueError if there are no images.
  ChannelStatistics statistics() const {
    return detail::byte_statistics(arrays_->inputs, begin_, end_, *values_);
  }

  /// The shape of one image, {H, W, C}.
  Shape image_shape() const {
    const Shape& shape = arrays_->inputs.shape();
    return Shape(shape.begin() + 1, shape.end());
  }

  /// A copy of the labels.
  Array<L> targets() const { return detail::copy_samples(arrays_->targets, begin_, end_); }

 private:
  std::shared_ptr<const Batch<std::uint8_t, L>> arrays_;
  std::shared_ptr<const Array<T>> values_;  // {256, C}: what each byte becomes
  std::size_t begin_ = 0, end_ = 0;         // the slice
};

template <ExpressionOf<std::uint8_t> Images, Expression Labels>
ImageDataset(Images&&, Labels&&) -> ImageDataset<float, typename std::remove_cvref_t<Labels>::value_type>;
template <class L>
ImageDataset(Batch<std::uint8_t, L>) -> ImageDataset<float, L>;

/// Mean and standard deviation of each channel, the last axis, of the images of any set, in one pass over its
/// batches: what nn::normalize takes. Throws ValueError if there are no images.
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
