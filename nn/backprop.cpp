#include <autodiff/transforms/grad.hpp>
#include <nn/backprop.hpp>

#include <algorithm>

namespace xgrad::nn::detail {

template <class T>
std::vector<Array<T>> sample_gradient(const std::vector<ChainedLayer<T>>& layers, const Variable<T>& sample,
                                      const LayerFunction<T>& loss,
                                      const std::vector<NamedParameter<T>>& parameters) {
  std::vector<Array<T>> gradient;
  for (const auto& each : parameters) gradient.push_back(full<T>(each.parameter.shape(), T(0)));
  const auto add = [&](const ParameterHandle<T>& parameter, const Array<T>& part) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i].parameter == parameter) gradient[i] += part;
    }
  };

  Tape tape;  // records what the Jacobians need
  std::vector<Variable<T>> x{xgrad::detail::new_input(sample)};
  for (const auto& layer : layers) x.push_back(xgrad::detail::as_result(layer.function(x.back())));
  const Variable<T> value = xgrad::detail::as_result(loss(x.back()));

  Variable<T> g = tape.gradient(value, x.back());
  for (std::size_t k = layers.size(); k >= 1; --k) {
    std::vector<Variable<T>> inputs;
    for (const auto& each : layers[k - 1].parameters)
      inputs.push_back(xgrad::detail::as_input(each.variable()));
    inputs.push_back(x[k - 1]);
    const auto products = tape.gradient(x[k], inputs, g);
    for (std::size_t i = 0; i + 1 < products.size(); ++i)
      add(layers[k - 1].parameters[i], products[i].value());
    g = products.back();
  }
  return gradient;
}

template <class T>
void average_in(std::vector<NamedGradient<T>>& average, const std::vector<Array<T>>& next, std::size_t n) {
  const T before = static_cast<T>(static_cast<double>(n - 1) / static_cast<double>(n));
  const T now = static_cast<T>(1 / static_cast<double>(n));
  for (std::size_t i = 0; i < average.size(); ++i) {
    T* to = average[i].gradient.data();
    for (std::size_t k = 0; k < next[i].size(); ++k) to[k] = before * to[k] + now * next[i].data()[k];
  }
}

template <class T>
std::vector<NamedGradient<T>> jacobians(const Variable<T>& x, const LayerFunction<T>& layer,
                                        const std::vector<NamedParameter<T>>& parameters,
                                        Array<T>& by_input) {
  Tape tape;
  std::vector<Variable<T>> inputs{xgrad::detail::new_input(x)};
  for (const auto& each : parameters) inputs.push_back(xgrad::detail::as_input(each.parameter.variable()));
  const Variable<T> y = xgrad::detail::as_result(layer(inputs[0]));
  std::vector<Array<T>> rows;
  for (const auto& each : inputs) rows.push_back(Array<T>(Shape{y.size(), each.size()}));
  for (std::size_t i = 0; i < y.size(); ++i) {
    Array<T> cotangent = full<T>(y.shape(), T(0));
    cotangent.data()[i] = 1;
    const auto gradients = tape.gradient(y, inputs, Variable<T>(std::move(cotangent)));
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const Array<T>& row = gradients[k].value();
      std::copy_n(row.data(), row.size(), rows[k].data() + i * row.size());
    }
  }
  by_input = std::move(rows[0]);
  std::vector<NamedGradient<T>> result;
  for (std::size_t k = 0; k < parameters.size(); ++k)
    result.push_back({parameters[k].name, std::move(rows[k + 1])});
  return result;
}

#define XGRAD_INSTANTIATE(T)                                                                                 \
  template std::vector<Array<T>> sample_gradient<T>(const std::vector<ChainedLayer<T>>&, const Variable<T>&, \
                                                    const LayerFunction<T>&,                                 \
                                                    const std::vector<NamedParameter<T>>&);                  \
  template void average_in<T>(std::vector<NamedGradient<T>>&, const std::vector<Array<T>>&, std::size_t);    \
  template std::vector<NamedGradient<T>> jacobians<T>(const Variable<T>&, const LayerFunction<T>&,           \
                                                      const std::vector<NamedParameter<T>>&, Array<T>&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn::detail
