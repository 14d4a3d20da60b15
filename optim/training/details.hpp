#pragma once

#include <autodiff/config.hpp>
#include <autodiff/ops/softmax.hpp>
#include <autodiff/tape.hpp>
#include <nn/data/loader.hpp>
#include <nn/evaluation.hpp>
#include <nn/module.hpp>
#include <optim/monitors/monitor.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <numeric>
#include <type_traits>
#include <vector>

namespace xgrad::optim {

namespace detail {

/// Accumulates the confusion matrix and the most confident wrong decisions over a set, batch by batch.
class XGRAD_API ConfusionCollector {
 public:
  /// Keeps at most `most` of the most confident wrong decisions.
  explicit ConfusionCollector(std::size_t most) : most_(most) {}

  /// Adds a batch: probabilities {n, K}, labels {n}, and inputs {n, H, W, C}; inputs of another rank are not
  /// shown as images.
  void add(const Array<float>& probabilities, const Array<std::int64_t>& labels, const Array<float>& images);

  void finish(Details& details);

 private:
  std::size_t most_;
  Array<std::int64_t> matrix_;
  std::vector<Confusion> worst_;
};

/// The weights of the first convolutional layer; empty if there is none.
template <class T>
XGRAD_API std::vector<Filters> first_filters(const std::vector<nn::NamedParameter<T>>& parameters);

/// The times of a tape's operations, summed by layer.
XGRAD_API std::vector<LayerTime> by_layer(const std::vector<RecordedOperation>& operations);

}  // namespace detail

/// Computes what monitors with `wants_details` show: confusions on the validation set, the filters of the
/// first convolution, and the time of each layer in one training step on the first `batch` samples of that
/// set. It draws no random numbers and changes neither weights nor buffers.
template <class Net, class X, class L, class Loss>
Details collect_details(Net& net, const nn::AnyDataset<X, L>& validation, std::size_t batch,
                        const Loss& loss) {
  using T = nn::detail::precision_t<Net>;
  Details details;
  const auto parameters = nn::parameters(net);
  details.filters = detail::first_filters(parameters);
  if (validation.size() == 0) return details;
  const nn::TestMode mode(net);
  std::vector<std::size_t> indices;
  const auto samples = [&](std::size_t first, std::size_t count) {
    indices.resize(std::min(count, validation.size() - first));
    std::iota(indices.begin(), indices.end(), first);
    return validation.batch(indices);
  };
  if constexpr (std::integral<L>) {
    detail::ConfusionCollector collector(12);
    constexpr std::size_t at_once = 256;
    for (std::size_t first = 0; first < validation.size(); first += at_once) {
      const nn::Batch<X, L> part = samples(first, at_once);
      const Variable<T> outputs = nn::detail::outputs_of<T>(net, part.inputs);
      if (outputs.dimension() != 2 || part.targets.dimension() != 1) break;
      collector.add(to_array<float>(xt::cast<float>(softmax(outputs, -1).value())),
                    nn::detail::to_labels(part.targets), to_array<float>(xt::cast<float>(part.inputs)));
    }
    collector.finish(details);
  }
  const nn::Batch<X, L> first = samples(0, batch);
  std::vector<Variable<T>> handles;
  for (const auto& each : parameters) handles.push_back(each.parameter.variable());
  Tape tape;
  tape.profile(true);
  const Variable<T> value = loss(nn::detail::outputs_of<T>(net, first.inputs), first.targets);
  tape.gradient(value, handles);
  details.layers = detail::by_layer(tape.operations(parameters));
  return details;
}

}  // namespace xgrad::optim
