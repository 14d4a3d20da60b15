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
/// Splits of data sets into samples for training and for validation.

namespace xgrad::nn {

/// The indices of the samples of both sides, each in increasing order.
struct Split {
  std::vector<std::size_t> train;       ///< samples to train with
  std::vector<std::size_t> validation;  ///< samples held out
};

/// Options for the functions of this file.
struct SplitOptions {
  bool shuffle = true;     ///< assigns samples at random; otherwise in the order of the data
  std::uint64_t seed = 0;  ///< of the order
};

/// Holds out round(share * samples) of the samples for validation. Throws ValueError if one side would be
/// empty.
XGRAD_API Split train_validation_split(std::size_t samples, double share, const SplitOptions& options = {});

/// The k folds of k-fold cross-validation (scikit-learn's KFold): each sample is in the validation set of
/// exactly one; the first samples % k folds have one sample more. Throws ValueError if k is below 2 or above
/// the number of samples.
XGRAD_API std::vector<Split> k_fold(std::size_t samples, std::size_t k, const SplitOptions& options = {});

namespace detail {

XGRAD_API Split stratified_split(const Array<std::int64_t>& labels, double share,
                                 const SplitOptions& options);
XGRAD_API std::vector<Split> stratified_k_fold(const Array<std::int64_t>& labels, std::size_t k,
                                               const SplitOptions& options);

}  // namespace detail

/// A train_validation_split with the same proportions of the classes on both sides, up to rounding. Labels
/// {N} of any integer type.
template <IntegerExpression Labels>
Split stratified_split(const Labels& labels, double share, const SplitOptions& options = {}) {
  return detail::stratified_split(detail::to_labels(labels), share, options);
}

/// Folds with the same proportions of the classes: the numbers of samples of a class in two folds differ by
/// at most one (scikit-learn's StratifiedKFold). Throws ValueError as k_fold does.
template <IntegerExpression Labels>
std::vector<Split> stratified_k_fold(const Labels& labels, std::size_t k, const SplitOptions& options = {}) {
  return detail::stratified_k_fold(detail::to_labels(labels), k, options);
}

/// The two sides of a split as data sets.
template <Dataset D>
std::pair<Subset<D>, Subset<D>> split(const D& dataset, const Split& indices) {
  return {Subset<D>(dataset, indices.train), Subset<D>(dataset, indices.validation)};
}

}  // namespace xgrad::nn
