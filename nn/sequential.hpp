#pragma once

#include <nn/fields.hpp>
#include <nn/input.hpp>

#include <tuple>
#include <utility>

namespace xgrad::nn {

/// Layers one after the other:
///
///     nn::Sequential net{nn::Conv2d<float>(1, 6, 5), nn::ReLU{}, nn::MaxPool2d{2}, nn::Flatten{}};
///
/// Its entries are layers, models, and functions of a Variable. Their parameters are named by number:
/// `0.weight`. As a field, where the language wants the types, it is `nn::Sequential<nn::Linear<T>, nn::ReLU>
/// block{{8, 8}, {}};`.
template <class... Layers>
struct Sequential {
  Sequential(Layers... in_order) : layers(std::move(in_order)...) {}  // NOLINT

  template <LayerInput X>
  auto operator()(const X& x) {
    return run(detail::as_variable(x), layers);
  }
  template <LayerInput X>
  auto operator()(const X& x) const {
    return run(detail::as_variable(x), layers);
  }

  auto fields() { return nn::fields("", layers); }

  std::tuple<Layers...> layers;

 private:
  template <std::size_t first = 0, class X, class Tuple>
  static auto run(X x, Tuple& layers) {
    if constexpr (first == sizeof...(Layers)) {
      return x;
    } else {
      return run<first + 1>(std::get<first>(layers)(x), layers);
    }
  }
};

}  // namespace xgrad::nn
