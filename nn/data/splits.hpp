#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <nn/data/dataset.hpp>
#include <nn/metrics.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

/// \file
/// Sets of samples in two: to train with and to validate with.

namespace xgrad::nn {

/// The indices of the samples on either side, each side in increasing order.
struct Split {
  std::vector<std::size_t> train;
  std::vector<std::size_t> validation;
};

/// How samples are dealt out.
struct SplitOptions {
  bool shuffle = true;     ///< at random; else in the order of the data
  std::uint64_t seed = 0;  ///< of the order
};

/// Holds out round(share * samples) of the samples for validation. Throws ValueError where one side would be
/// empty.
XGRAD_API Split train_validation_split(std::size_t samples, double share, const SplitOptions& options = {});

/// The k folds of k-fold cross-validation (scikit-learn's KFold): each sample is in the validation set of
/// exactly one; the first samples % k folds have one sample more. Throws ValueError for a k below 2 or above
/// the number of samples.
XGRAD_API std::vector<Split> k_fold(std::size_t samples, std::size_t k, const SplitOptions& options = {});

namespace detail {

XGRAD_API Split stratified_split(const Array<std::int64_t>& labels, double share,
                                 const SplitOptions& options);
XGRAD_API std::vector<Split> stratified_k_fold(const Array<std::int64_t>& labels, std::size_t k,
                                               const SplitOptions& options);

}  // namespace detail

/// The same for labelled samples, where each class has its share on either side, to rounding. Labels {N} of
/// any integer type.
template <IntegerExpression Labels>
Split stratified_split(const Labels& labels, double share, const SplitOptions& options = {}) {
  return detail::stratified_split(detail::to_labels(labels), share, options);
}

/// Folds in which each class has its share: the numbers of its samples in two folds differ by one at most
/// (scikit- learn's StratifiedKFold). Throws ValueError as k_fold does.
template <IntegerExpression Labels>
std::vector<Split> stratified_k_fold(const Labels& labels, std::size_t k, const SplitOptions& options = {}) {
  return detail::stratified_k_fold(detail::to_labels(labels), k, options);
}

/// The two sides of a split as sets.
template <Dataset D>
std::pair<Subset<D>, Subset<D>> split(const D& dataset, const Split& indices) {
  return {Subset<D>(dataset, indices.train), Subset<D>(dataset, indices.validation)};
}

}  // namespace xgrad::nn
