#include <autodiff/error.hpp>
#include <autodiff/random.hpp>
#include <nn/data/splits.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace xgrad::nn {
namespace {

/// The samples in the order in which they are assigned.
std::vector<std::size_t> deal(std::size_t samples, const SplitOptions& options) {
  if (options.shuffle) {
    Generator generator(options.seed);
    return random_permutation(samples, generator);
  }
  std::vector<std::size_t> order(samples);
  std::iota(order.begin(), order.end(), std::size_t{0});
  return order;
}

/// The split with this fold for validation, from the fold of each sample.
Split held_out(const std::vector<std::size_t>& fold_of, std::size_t fold) {
  Split split;
  for (std::size_t i = 0; i < fold_of.size(); ++i) {
    (fold_of[i] == fold ? split.validation : split.train).push_back(i);
  }
  return split;
}

std::vector<Split> all_folds(const std::vector<std::size_t>& fold_of, std::size_t k) {
  std::vector<Split> folds;
  for (std::size_t fold = 0; fold < k; ++fold) folds.push_back(held_out(fold_of, fold));
  return folds;
}

void check_folds(const char* caller, std::size_t samples, std::size_t k) {
  if (k < 2 || k > samples) {
    throw ValueError(
        fmt::format("{0}: expected 2 to {3} folds of {2} samples, got {1}", caller, k, samples, samples));
  }
}

void check_share(const char* caller, std::size_t samples, double share, std::size_t validation) {
  if (!(share > 0 && share < 1) || validation == 0 || validation >= samples) {
    throw ValueError(
        fmt::format("{}: a share of {} of {} samples leaves one side empty", caller, share, samples));
  }
}

std::size_t rounded(double share, std::size_t samples) {
  return share > 0 && share < 1 ? static_cast<std::size_t>(std::llround(share * static_cast<double>(samples)))
                                : 0;
}

/// The samples of each class, in the order in which they are assigned.
std::map<std::int64_t, std::vector<std::size_t>> by_class(const char* caller,
                                                          const Array<std::int64_t>& labels,
                                                          const SplitOptions& options) {
  if (labels.dimension() != 1) {
    throw ShapeError(
        fmt::format("{}: expected labels {{N}}, got shape {}", caller, to_string(labels.shape())));
  }
  std::map<std::int64_t, std::vector<std::size_t>> classes;
  for (const std::size_t i : deal(labels.size(), options)) classes[labels(i)].push_back(i);
  return classes;
}

}  // namespace

Split train_validation_split(std::size_t samples, double share, const SplitOptions& options) {
  const std::size_t validation = rounded(share, samples);
  check_share("train_validation_split", samples, share, validation);
  const std::vector<std::size_t> order = deal(samples, options);
  std::vector<std::size_t> fold_of(samples, 0);
  // Without shuffling, the last samples are held out.
  for (std::size_t i = samples - validation; i < samples; ++i) fold_of[order[i]] = 1;
  return held_out(fold_of, 1);
}

std::vector<Split> k_fold(std::size_t samples, std::size_t k, const SplitOptions& options) {
  check_folds("k_fold", samples, k);
  const std::vector<std::size_t> order = deal(samples, options);
  std::vector<std::size_t> fold_of(samples);
  std::size_t begin = 0;
  for (std::size_t fold = 0; fold < k; ++fold) {
    const std::size_t end = begin + samples / k + (fold < samples % k);
    for (; begin < end; ++begin) fold_of[order[begin]] = fold;
  }
  return all_folds(fold_of, k);
}

namespace detail {

Split stratified_split(const Array<std::int64_t>& labels, double share, const SplitOptions& options) {
  std::vector<std::size_t> fold_of(labels.size(), 0);
  std::size_t validation = 0;
  for (const auto& [label, samples] : by_class("stratified_split", labels, options)) {
    const std::size_t held = rounded(share, samples.size());
    for (std::size_t i = samples.size() - held; i < samples.size(); ++i) fold_of[samples[i]] = 1;
    validation += held;
  }
  check_share("stratified_split", labels.size(), share, validation);
  return held_out(fold_of, 1);
}

std::vector<Split> stratified_k_fold(const Array<std::int64_t>& labels, std::size_t k,
                                     const SplitOptions& options) {
  check_folds("stratified_k_fold", labels.size(), k);
  std::vector<std::size_t> fold_of(labels.size());
  std::size_t next = 0;  // continues across classes, so that the folds have equal sizes, too
  for (const auto& [label, samples] : by_class("stratified_k_fold", labels, options)) {
    for (const std::size_t sample : samples) fold_of[sample] = next++ % k;
  }
  return all_folds(fold_of, k);
}

}  // namespace detail

}  // namespace xgrad::nn
