#pragma once

#include <autodiff/config.hpp>
#include <nn/data/dataset.hpp>
#include <nn/losses.hpp>
#include <nn/metrics.hpp>
#include <nn/module.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <optional>
#include <vector>

/// \file
/// The risk: the mean of a loss over a set of samples (section 2 of the note).

namespace xgrad::nn {

/// What `evaluate` found.
struct Evaluation {
  double loss = 0;              ///< the mean loss, the risk L_T of the note
  std::optional<double> error;  ///< the zero-one risk, where the labels are classes
};

/// The loss that fits the labels: cross_entropy of logits for integers, which are classes, and quadratic_loss
/// for numbers.
struct DefaultLoss {
  template <class T, class L>
  Variable<T> operator()(const Variable<T>& outputs, const Array<L>& targets) const {
    if constexpr (std::integral<L>) {
      return cross_entropy(outputs, targets);
    } else {
      return quadratic_loss(outputs, targets);
    }
  }
};

namespace detail {

/// The number of wrong decisions, where outputs {..., K} are scores of classes for labels {...}.
template <class T, class L>
std::optional<double> wrong_decisions(const Variable<T>& outputs, const Array<L>& labels) {
  if constexpr (std::integral<L>) {
    if (outputs.dimension() == labels.dimension() + 1) {
      return nn::zero_one_loss(outputs, labels) * static_cast<double>(labels.size());
    }
  }
  return std::nullopt;
}

/// Throws ValueError, naming the caller, for a set without samples, or batches without.
XGRAD_API void check_some_samples(const char* caller, std::size_t samples, std::size_t batch);

/// Throws ValueError, naming the caller and the reason, for a loader whose epochs have no batch.
XGRAD_API void check_some_batches(const char* caller, std::size_t samples, std::size_t batches,
                                  std::size_t batch);

}  // namespace detail

/// Calls `visit(outputs, targets)` for the batches of a set, in the order of its samples, in test mode and
/// without a tape of its own: for confusion matrices and the like. Throws ValueError for a set without
/// samples.
template <class Net, Dataset D, class Visit>
void for_each_output(Net& net, const D& dataset, const Visit& visit, std::size_t batch = 256) {
  detail::check_some_samples("for_each_output", dataset.size(), batch);
  if constexpr (detail::check_takes<Net, typename detail::batch_types<D>::Input>()) {
    const TestMode mode(net);
    std::vector<std::size_t> numbers;
    for (std::size_t first = 0; first < dataset.size(); first += batch) {
      numbers.resize(std::min(batch, dataset.size() - first));
      std::iota(numbers.begin(), numbers.end(), first);
      const auto samples = dataset.batch(numbers);
      detail::check_samples("for_each_output", samples.inputs.shape(), samples.targets.shape());
      visit(detail::as_variable(net(samples.inputs)), samples.targets);
    }
  }
}

/// The risk and, where labels are integers and outputs scores of classes, the zero-one risk of a network over
/// a set of samples, in test mode; every layer has its own mode again afterwards. The loss takes outputs and
/// targets and is a mean over its batch, as those of this library are; batches are weighted by their size.
/// Throws ValueError for a set without samples.
template <class Net, Dataset D, class Loss = DefaultLoss>
Evaluation evaluate(Net& net, const D& dataset, const Loss& loss = {}, std::size_t batch = 256) {
  detail::check_some_samples("evaluate", dataset.size(), batch);
  Evaluation result;
  double wrong = 0;
  bool decides = true;
  for_each_output(
      net, dataset,
      [&](const auto& outputs, const auto& targets) {
        const auto count = static_cast<double>(targets.shape()[0]);
        result.loss += static_cast<double>(loss(outputs, targets).item()) * count;
        const std::optional<double> own = detail::wrong_decisions(outputs, targets);
        decides = decides && own.has_value();
        wrong += own.value_or(0);
      },
      batch);
  const auto samples = static_cast<double>(dataset.size());
  result.loss /= samples;
  if (decides) result.error = wrong / samples;
  return result;
}

/// The risk alone.
template <class Net, Dataset D, class Loss = DefaultLoss>
double risk(Net& net, const D& dataset, const Loss& loss = {}, std::size_t batch = 256) {
  return evaluate(net, dataset, loss, batch).loss;
}

}  // namespace xgrad::nn
