#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <autodiff/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Mini-batches (section 4 of the note) of samples that are in memory.

namespace xgrad::nn {

/// The samples [begin, end) of an array whose first axis counts samples: `take_samples(images, 0, 5000)`.
/// Throws ShapeError where there are fewer.
template <Expression E>
auto take_samples(const E& array, std::size_t begin, std::size_t end);

/// How a DataLoader forms batches.
struct DataLoaderOptions {
  std::size_t batch = 64;  ///< B, the samples of one batch; 1 is the note's online learning
  bool shuffle = true;     ///< a new order for every epoch
  bool drop_last = false;  ///< leave out the last batch where it is smaller than the others
  std::uint64_t seed = 0;  ///< of the orders
};

/// Some samples and what belongs to them: `auto [images, labels] = batch;`
template <class T, class L>
struct Batch {
  Array<T> images;
  Array<L> labels;
};

namespace detail {

/// The number of batches; throws ShapeError or ValueError where the arrays or options do not fit.
XGRAD_API std::size_t count_batches(const Shape& images, const Shape& labels,
                                    const DataLoaderOptions& options);
[[noreturn]] XGRAD_API void throw_bad_samples(const Shape& shape, std::size_t begin, std::size_t end);

/// The samples of these numbers, one after the other.
template <class T>
Array<T> gather_samples(const Array<T>& array, const std::size_t* numbers, std::size_t count) {
  Shape shape = array.shape();
  const std::size_t size = shape[0] == 0 ? 0 : array.size() / shape[0];
  shape[0] = count;
  Array<T> result(shape);
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(array.data() + numbers[i] * size, size, result.data() + i * size);
  }
  return result;
}

/// The samples [begin, end).
template <class T>
Array<T> copy_samples(const Array<T>& array, std::size_t begin, std::size_t end) {
  Shape shape = array.shape();
  if (shape.empty() || begin > end || end > shape[0]) throw_bad_samples(shape, begin, end);
  const std::size_t size = shape[0] == 0 ? 0 : array.size() / shape[0];
  shape[0] = end - begin;
  Array<T> result(shape);
  std::copy(array.data() + begin * size, array.data() + end * size, result.data());
  return result;
}

}  // namespace detail

/// Goes over a data set in mini-batches. Each loop over it is an epoch, in an order of its own:
///
///     nn::DataLoader loader(images, labels, {.batch = 64, .seed = 1});
///     for (auto [images, labels] : loader) ...
///
/// Images and labels are arrays of any shape whose first axes count the samples; labels keep their type. The
/// same seed gives the same orders, epoch for epoch. The loader has its own copy of the data; an Array that
/// is moved in is taken over without one.
template <class T, class L>
class DataLoader {
 public:
  /// Throws ShapeError where the arrays do not have equally many samples, ValueError for a batch of 0.
  template <ExpressionOf<T> Images, ExpressionOf<L> Labels>
  DataLoader(Images&& images, Labels&& labels, const DataLoaderOptions& options = {})
      : images_(to_array<T>(std::forward<Images>(images))),
        labels_(to_array<L>(std::forward<Labels>(labels))),
        options_(options),
        batches_(detail::count_batches(images_.shape(), labels_.shape(), options)),
        generator_(options.seed) {}

  /// Where a loop is: the batch is put together when it is asked for.
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = Batch<T, L>;
    using difference_type = std::ptrdiff_t;
    using pointer = void;
    using reference = value_type;

    Iterator() = default;
    Iterator(const DataLoader* loader, std::shared_ptr<const std::vector<std::size_t>> order,
             std::size_t batch)
        : loader_(loader), order_(std::move(order)), batch_(batch) {}

    Batch<T, L> operator*() const { return loader_->batch(*order_, batch_); }
    Iterator& operator++() {
      ++batch_;
      return *this;
    }
    void operator++(int) { ++batch_; }
    bool operator==(const Iterator& other) const { return batch_ == other.batch_; }

   private:
    const DataLoader* loader_ = nullptr;
    std::shared_ptr<const std::vector<std::size_t>> order_;
    std::size_t batch_ = 0;
  };

  /// Starts an epoch.
  Iterator begin() {
    auto order = std::make_shared<std::vector<std::size_t>>(samples());
    for (std::size_t i = 0; i < order->size(); ++i) (*order)[i] = i;
    if (options_.shuffle) *order = random_permutation(samples(), generator_);
    return {this, std::move(order), 0};
  }
  Iterator end() const { return {this, nullptr, batches_}; }

  /// The number of batches of an epoch.
  std::size_t batches() const { return batches_; }
  /// The number of samples.
  std::size_t samples() const { return images_.shape()[0]; }

 private:
  Batch<T, L> batch(const std::vector<std::size_t>& order, std::size_t number) const {
    const std::size_t first = number * options_.batch;
    const std::size_t count = std::min(options_.batch, samples() - first);
    return {detail::gather_samples(images_, order.data() + first, count),
            detail::gather_samples(labels_, order.data() + first, count)};
  }

  Array<T> images_;
  Array<L> labels_;
  DataLoaderOptions options_;
  std::size_t batches_;
  Generator generator_;
};

template <Expression Images, Expression Labels>
DataLoader(Images&&, Labels&&, const DataLoaderOptions& = {})
    -> DataLoader<typename std::remove_cvref_t<Images>::value_type,
                  typename std::remove_cvref_t<Labels>::value_type>;

template <Expression E>
auto take_samples(const E& array, std::size_t begin, std::size_t end) {
  using T = typename E::value_type;
  if constexpr (std::is_same_v<E, Array<T>>) {
    return detail::copy_samples(array, begin, end);
  } else {
    return detail::copy_samples(to_array<T>(array), begin, end);
  }
}

}  // namespace xgrad::nn
