#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <autodiff/tape.hpp>
#include <nn/data/dataset.hpp>
#include <nn/evaluation.hpp>
#include <nn/module.hpp>
#include <nn/sequential.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Back-propagation as in section 3 of the note, layer by layer: a reference for readers and tests.
/// `Tape::backward` computes the same for whole batches, operation by operation.

namespace xgrad::nn {

/// A gradient or Jacobian with respect to one parameter.
template <class T>
struct NamedGradient {
  std::string name;   ///< of the parameter
  Array<T> gradient;  ///< in the parameter's shape; a Jacobian is {outputs, size of the parameter}
};

namespace detail {

/// One step of forward propagation: x^(k) = f^(k)(x^(k-1), w^(k)).
template <class T>
using LayerFunction = std::function<Variable<T>(const Variable<T>&)>;

/// A layer of the chain and its parameters w^(k).
template <class T>
struct ChainedLayer {
  LayerFunction<T> function;
  std::vector<ParameterHandle<T>> parameters;
};

template <class T, class Layer>
ChainedLayer<T> chained(Layer& layer) {
  ChainedLayer<T> result{[&layer](const Variable<T>& x) { return as_variable(layer(x)); }, {}};
  Findings found = find_all(layer);
  for (const auto& each : found.template parameters<T>()) result.parameters.push_back(each.parameter);
  return result;
}

template <class T>
inline constexpr bool is_sequential = false;
template <class... Layers>
inline constexpr bool is_sequential<Sequential<Layers...>> = true;

/// The K layers of a Sequential; any other network counts as one layer.
template <class T, class Net>
std::vector<ChainedLayer<T>> chain_of(Net& net) {
  if constexpr (is_sequential<std::remove_const_t<Net>>) {
    return std::apply([](auto&... layers) { return std::vector<ChainedLayer<T>>{chained<T>(layers)...}; },
                      net.layers);
  } else {
    return {chained<T>(net)};
  }
}

/// The gradient of one sample's loss, in the order of `parameters`.
template <class T>
XGRAD_API std::vector<Array<T>> sample_gradient(const std::vector<ChainedLayer<T>>& layers,
                                                const Variable<T>& x, const LayerFunction<T>& loss,
                                                const std::vector<NamedParameter<T>>& parameters);

/// average <- ((n - 1) average + next) / n
template <class T>
XGRAD_API void average_in(std::vector<NamedGradient<T>>& average, const std::vector<Array<T>>& next,
                          std::size_t n);

template <class T>
XGRAD_API std::vector<NamedGradient<T>> jacobians(const Variable<T>& x, const LayerFunction<T>& layer,
                                                  const std::vector<NamedParameter<T>>& parameters,
                                                  Array<T>& by_input);

}  // namespace detail

/// The gradient of the risk L_T = 1/N sum_n loss(f(x_n), y_n) with respect to each parameter: Algorithm 1 of
/// the note. For each sample, it computes the outputs x^(1), ..., x^(K) of the layers (forward propagation),
/// then, from k = K down to 1, the products of the row vector g = d loss / d x^(k) with the Jacobians of the
/// layer, equations (2) to (4), and takes the running average over the samples. (The loop in the note stops
/// at k = 2, which omits the weights of the first layer; this one does not.) A Sequential is split into its
/// layers; any other network counts as one layer. The gradient of a parameter that does not affect the loss
/// is zero.
///
/// The result equals the gradient that `Tape::backward` computes for the whole set as one batch, up to
/// rounding, if the layers treat samples independently; batch normalisation does not. The network runs in its
/// current mode. The loss takes the outputs and targets of a batch of one sample. Throws ValueError if the
/// set has no samples.
template <class Net, Dataset D, class Loss = DefaultLoss>
auto backprop(Net& net, const D& samples, const Loss& loss = {}) {
  using T = detail::precision_t<Net>;
  detail::check_some_samples("backprop", samples.size(), 1);
  const auto named = parameters(net);
  const auto layers = detail::chain_of<T>(net);
  std::vector<NamedGradient<T>> average;
  for (const auto& each : named) average.push_back({each.name, full<T>(each.parameter.shape(), T(0))});
  for (std::size_t n = 1; n <= samples.size(); ++n) {
    const std::size_t number = n - 1;
    const auto sample = samples.batch(std::span(&number, 1));
    const detail::LayerFunction<T> own_loss = [&](const Variable<T>& p) { return loss(p, sample.targets); };
    detail::average_in(average, detail::sample_gradient(layers, Variable<T>(sample.inputs), own_loss, named),
                       n);
  }
  return average;
}

/// The Jacobian matrices of a layer's output, equation (5).
template <class T>
struct LayerJacobians {
  Array<T> by_input;                         ///< {d_k, d_(k-1)}
  std::vector<NamedGradient<T>> by_weights;  ///< one for each parameter: {d_k, its size}
};

/// The Jacobians of a layer's output with respect to its input and its weights (section 3, equation 5, and
/// the last appendix of the note). Entries of output, input and weights are indexed in row-major order, so
/// that row i, column q (number of inputs) + j for the `weight` of a Linear layer is d x_i / d W_qj. The last
/// column of the note's W, the biases, is the parameter `bias`. A layer is any callable that takes a Variable
/// and holds parameters; at ties and cusps the derivatives are those of its operations.
template <class Layer, LayerInput X>
auto layer_jacobians(Layer& layer, const X& x) {
  using T = typename X::value_type;
  detail::Findings found = detail::find_all(layer);
  LayerJacobians<T> result;
  result.by_weights = detail::jacobians<T>(
      Variable<T>(detail::as_variable(x)),
      [&layer](const Variable<T>& v) { return detail::as_variable(layer(v)); },
      std::move(found.template parameters<T>()), result.by_input);
  return result;
}

}  // namespace xgrad::nn
