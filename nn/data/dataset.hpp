#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Data sets: sets of samples, each an input and its target.

namespace xgrad::nn {

/// A mini-batch: inputs {n, ...} and their targets {n, ...}. `auto [inputs, targets] = batch;`
template <class T, class L>
struct Batch {
  Array<T> inputs;   ///< {n, ...}
  Array<L> targets;  ///< {n, ...}
};

namespace detail {

template <class B>
inline constexpr bool is_batch = false;
template <class T, class L>
inline constexpr bool is_batch<Batch<T, L>> = true;

template <class B>
struct BatchTypes;
template <class T, class L>
struct BatchTypes<Batch<T, L>> {
  using Input = T;
  using Target = L;
};

}  // namespace detail

/// A set of samples: `size()`, their number, and `batch(indices)`, which returns the samples with these
/// indices as a Batch. A DataLoader with `prefetch` calls it from another thread.
///
///     struct Squares {
///       std::size_t size() const { return 1000; }
///       nn::Batch<float, float> batch(std::span<const std::size_t> indices) const;
///     };
template <class D>
concept Dataset = requires(const D& dataset, std::span<const std::size_t> indices) {
  { dataset.size() } -> std::convertible_to<std::size_t>;
  requires detail::is_batch<std::remove_cvref_t<decltype(dataset.batch(indices))>>;
};

namespace detail {

/// The types of a Dataset's batches.
template <class D>
using batch_types =
    BatchTypes<std::remove_cvref_t<decltype(std::declval<const D&>().batch(std::span<const std::size_t>()))>>;

/// Throws ShapeError unless inputs and targets have equal first extents, the numbers of samples.
XGRAD_API void check_samples(const char* caller, const Shape& images, const Shape& labels);
[[noreturn]] XGRAD_API void throw_bad_samples(const Shape& shape, std::size_t begin, std::size_t end);
/// Throws ValueError if an index is out of range.
XGRAD_API void check_indices(const char* caller, std::span<const std::size_t> indices, std::size_t size);

/// The samples with these indices, in this order.
template <class T>
Array<T> gather_samples(const Array<T>& array, std::span<const std::size_t> indices) {
  Shape shape = array.shape();
  const std::size_t size = shape[0] == 0 ? 0 : array.size() / shape[0];
  shape[0] = indices.size();
  Array<T> result(shape);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    std::copy_n(array.data() + indices[i] * size, size, result.data() + i * size);
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

/// Samples in memory: inputs and targets are arrays of any shape whose first axis is that of the samples.
/// Copies share the arrays.
template <class T, class L>
class ArrayDataset {
 public:
  /// Arrays that are moved in are not copied. Throws ShapeError if the numbers of samples differ.
  template <ExpressionOf<T> Images, ExpressionOf<L> Labels>
  ArrayDataset(Images&& images, Labels&& labels)
      : arrays_(std::make_shared<const Batch<T, L>>(Batch<T, L>{to_array<T>(std::forward<Images>(images)),
                                                                to_array<L>(std::forward<Labels>(labels))})) {
    detail::check_samples("ArrayDataset", arrays_->inputs.shape(), arrays_->targets.shape());
  }

  /// Samples as returned by the readers of files.
  ArrayDataset(Batch<T, L> samples)  // NOLINT
      : ArrayDataset(std::move(samples.inputs), std::move(samples.targets)) {}

  /// The number of samples.
  std::size_t size() const { return arrays_->inputs.shape()[0]; }

  /// Throws ValueError if an index is out of range.
  Batch<T, L> batch(std::span<const std::size_t> indices) const {
    detail::check_indices("ArrayDataset", indices, size());
    return {detail::gather_samples(arrays_->inputs, indices),
            detail::gather_samples(arrays_->targets, indices)};
  }

  /// The inputs of all samples, {N, ...}.
  const Array<T>& inputs() const { return arrays_->inputs; }
  /// The targets of all samples, {N, ...}.
  const Array<L>& targets() const { return arrays_->targets; }

 private:
  std::shared_ptr<const Batch<T, L>> arrays_;
};

/// T and L are the types of the entries of the arrays.
template <Expression Images, Expression Labels>
ArrayDataset(Images&&, Labels&&) -> ArrayDataset<typename std::remove_cvref_t<Images>::value_type,
                                                 typename std::remove_cvref_t<Labels>::value_type>;
template <class T, class L>
ArrayDataset(Batch<T, L>) -> ArrayDataset<T, L>;

/// The samples of a set with the given indices, such as a fold or a validation set.
template <Dataset D>
class Subset {
 public:
  /// Throws ValueError if an index is out of range.
  Subset(D dataset, std::vector<std::size_t> indices)
      : dataset_(std::move(dataset)),
        indices_(std::make_shared<const std::vector<std::size_t>>(std::move(indices))) {
    detail::check_indices("Subset", *indices_, dataset_.size());
  }

  /// The number of samples.
  std::size_t size() const { return indices_->size(); }

  /// Throws ValueError if an index is out of range.
  auto batch(std::span<const std::size_t> indices) const {
    detail::check_indices("Subset", indices, size());
    std::vector<std::size_t> inner(indices.size());
    std::transform(indices.begin(), indices.end(), inner.begin(),
                   [this](std::size_t i) { return (*indices_)[i]; });
    return dataset_.batch(inner);
  }

 private:
  D dataset_;
  std::shared_ptr<const std::vector<std::size_t>> indices_;
};

/// Any Dataset with these types, as a parameter of options and functions. Copies share the set.
template <class T, class L>
class AnyDataset {
 public:
  /// An empty set.
  AnyDataset() = default;

  template <Dataset D>
    requires(!std::same_as<D, AnyDataset> && std::same_as<typename detail::batch_types<D>::Input, T> &&
             std::same_as<typename detail::batch_types<D>::Target, L>)
  AnyDataset(D dataset) {  // NOLINT
    const auto shared = std::make_shared<const D>(std::move(dataset));
    size_ = shared->size();
    read_ = [shared](std::span<const std::size_t> indices) { return shared->batch(indices); };
  }

  /// Arrays in memory.
  AnyDataset(Batch<T, L> samples) : AnyDataset(ArrayDataset<T, L>(std::move(samples))) {}  // NOLINT

  /// The number of samples.
  std::size_t size() const { return size_; }
  /// The samples with these indices, as the set returns them. Throws ValueError if this one is empty.
  Batch<T, L> batch(std::span<const std::size_t> indices) const {
    if (!read_) detail::check_indices("AnyDataset", indices, 0);
    return read_ ? read_(indices) : Batch<T, L>{};
  }

 private:
  std::size_t size_ = 0;
  std::function<Batch<T, L>(std::span<const std::size_t>)> read_;
};

/// T and L are the types of the set's batches.
template <Dataset D>
AnyDataset(D) -> AnyDataset<typename detail::batch_types<D>::Input, typename detail::batch_types<D>::Target>;

/// The samples [begin, end) of an array along its first axis: `take_samples(inputs, 0, 5000)`. Throws
/// ShapeError if there are fewer.
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
