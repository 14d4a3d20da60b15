#pragma once

#include <autodiff/variable.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace xgrad::nn {

/// An input of models, layers and losses: a Variable or an xtensor expression.
template <class X>
concept LayerInput = VariableType<X> || Expression<X>;

namespace detail {

/// The argument as a Variable; a raw array becomes an input.
template <LayerInput X>
auto as_variable(const X& x) {
  using T = typename X::value_type;
  static_assert(Precision<T>,
                "xgrad: this layer or loss takes float or double, not integers: cast them with "
                "xt::cast<float>(x), or begin with a layer that takes integers, such as an embedding");
  if constexpr (Precision<T>) {
    return Variable<T>(x);
  } else {
    return Variable<float>();
  }
}

/// Whether a model or layer can be called with this input.
template <class Net, class X>
inline constexpr bool takes = std::is_invocable_v<Net&, const X&>;

/// Fails to compile, with a one-line message, if a model cannot be called with the arrays of a data set.
template <class Net, class T>
consteval bool check_takes() {
  constexpr bool right = takes<Net, Array<T>>;
  static_assert(right || !std::integral<T>,
                "xgrad: this model does not take the integers of the data set: hold images of bytes in an "
                "nn::ImageDataset, convert other integers with xt::cast<float>; for tokens, the model's "
                "operator() must take an Array of integers");
  static_assert(right || std::integral<T>,
                "xgrad: this model does not take the arrays of the data set: its operator() takes another "
                "precision (cast one of them: xt::cast<float>(inputs)), integers, or several arguments");
  return right;
}

/// The outputs of a model of precision T for the samples of a data set, floating-point or integer.
template <class T, class Net, class X>
Variable<T> outputs_of(Net& net, const Array<X>& samples) {
  if constexpr (check_takes<Net, X>()) {
    return net(samples);
  } else {
    return Variable<T>();
  }
}

/// The outputs of a model for an input of zeros of this shape: of its precision T, or integers if it does not
/// take that.
template <class T, class Net>
auto run_on_zeros(Net& net, const Shape& input) {
  if constexpr (takes<Net, Variable<T>>) {
    return net(Variable<T>(full<T>(input, T(0))));
  } else if constexpr (takes<Net, Array<std::int64_t>>) {
    return net(full<std::int64_t>(input, 0));
  } else {
    static_assert(takes<Net, Variable<T>>,
                  "xgrad: this model takes neither an array of its precision nor one of integers");
  }
}

}  // namespace detail

}  // namespace xgrad::nn
