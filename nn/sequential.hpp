#pragma once

#include <nn/fields.hpp>
#include <nn/input.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace xgrad::nn {

/// Layers applied one after the other:
///
///     nn::Sequential net{nn::Conv2d<float>(1, 6, 5), nn::ReLU{}, nn::MaxPool2d{2}, nn::Flatten{}};
///
/// Its entries are layers, models, and functions of a Variable; the first may take an array of integers.
/// Their parameters are named by index: `0.weight`. As a field of a class, where the types must be written
/// out, it is `nn::Sequential<nn::Linear<T>, nn::ReLU> block{{8, 8}, {}};`.
template <class... Layers>
struct Sequential {
  Sequential(Layers... in_order) : layers(std::move(in_order)...) {}  // NOLINT

  /// If the first layer takes integers, it receives an array of integers, such as tokens, as integers.
  template <LayerInput X>
  auto operator()(const X& x) {
    return start(x, layers);
  }
  template <LayerInput X>
  auto operator()(const X& x) const {
    return start(x, layers);
  }

  /// The layers, named by index.
  auto fields() { return nn::fields("", layers); }

  std::tuple<Layers...> layers;  ///< in the order of application

 private:
  template <class X, class Tuple>
  static auto start(const X& x, Tuple& layers) {
    if constexpr (IntegerExpression<X> && sizeof...(Layers) > 0) {
      using First = std::remove_reference_t<decltype(std::get<0>(layers))>;
      using Integers = Array<typename X::value_type>;
      static_assert(detail::takes<First, Integers>,
                    "xgrad: the first layer of this Sequential does not take integers: cast them with "
                    "xt::cast<float>(x), or begin with a layer that does, such as an embedding");
      if constexpr (!detail::takes<First, Integers>) {
        return Variable<float>();
      } else if constexpr (std::is_same_v<X, Integers>) {
        return run<1>(std::get<0>(layers)(x), layers);
      } else {
        return run<1>(std::get<0>(layers)(to_array<typename X::value_type>(x)), layers);
      }
    } else {
      return run(detail::as_variable(x), layers);
    }
  }

  template <std::size_t first = 0, class X, class Tuple>
  static auto run(X x, Tuple& layers) {
    if constexpr (first == sizeof...(Layers)) {
      return x;
    } else {
      return run<first + 1>(std::get<first>(layers)(x), layers);
    }
  }
};

namespace detail {

/// Decided by the first layer alone: to check the call operator itself, whose return type is deduced, would
/// compile it.
template <class X, class First, class... Rest>
inline constexpr bool takes<Sequential<First, Rest...>, X> = takes<First, X>;
template <class X, class First, class... Rest>
inline constexpr bool takes<const Sequential<First, Rest...>, X> = takes<const First, X>;

}  // namespace detail

}  // namespace xgrad::nn
