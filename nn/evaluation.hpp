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
/// The mean of a loss over a set of samples, the risk of the note (section 2).

namespace xgrad::nn {

/// The result of `evaluate`.
struct Evaluation {
  double loss = 0;              ///< the mean loss, the risk L_T of the note
  std::optional<double> error;  ///< the zero-one risk, if the targets are classes
};

/// The default loss for the type of the targets: cross_entropy of logits for integers, which are classes, and
/// quadratic_loss for floating-point numbers.
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

/// The number of wrong decisions, if outputs {..., K} are scores of classes for labels {...}; otherwise
/// nothing.
template <class T, class L>
std::optional<double> wrong_decisions(const Variable<T>& outputs, const Array<L>& labels) {
  if constexpr (std::integral<L>) {
    if (outputs.dimension() == labels.dimension() + 1) {
      return nn::zero_one_loss(outputs, labels) * static_cast<double>(labels.size());
    }
  }
  return std::nullopt;
}

/// Throws ValueError, naming the caller, if there are no samples or the batch size is 0.
XGRAD_API void check_some_samples(const char* caller, std::size_t samples, std::size_t batch);

/// Throws ValueError, naming the caller and the reason, if the epochs of a loader have no batches.
XGRAD_API void check_some_batches(const char* caller, std::size_t samples, std::size_t batches,
                                  std::size_t batch);

}  // namespace detail

/// Calls `visit(outputs, targets)` for each batch of a set, in the order of its samples, in test mode and
/// without a tape of its own, for example to compute a confusion matrix. Throws ValueError if the set has no
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

/// The mean loss of a network over a set of samples and, if targets are integers and outputs are scores of
/// classes, the fraction of wrong decisions (the risk and the zero-one risk of the note), in test mode;
/// afterwards every layer has its previous mode. The loss takes outputs and targets and is a mean over its
/// batch, like the losses of this library; batches are weighted by their size. Throws ValueError if the set
/// has no samples.
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

/// The mean loss alone.
template <class Net, Dataset D, class Loss = DefaultLoss>
double risk(Net& net, const D& dataset, const Loss& loss = {}, std::size_t batch = 256) {
  return evaluate(net, dataset, loss, batch).loss;
}

}  // namespace xgrad::nn
