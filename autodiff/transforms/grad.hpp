#pragma once

#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/lift.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/parameter.hpp>
#include <autodiff/random.hpp>
#include <autodiff/tape.hpp>
#include <autodiff/tape_input.hpp>
#include <autodiff/variable.hpp>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Transforms of functions of Variables: grad, value_and_grad, vjp and jvp. They nest: grad(grad(f)) computes
/// the second derivative.
///
/// The inputs to differentiate with respect to are Variables, arrays or numbers. f receives them as new
/// Variables: what f captures is held fixed, even if it captures the same Variable that is passed as input.
/// Other arguments are passed to f unchanged.

namespace xgrad {

namespace detail {

/// Throws ShapeError, naming the caller, if a direction does not have the shape of its input.
XGRAD_API void check_direction(const char* caller, const Shape& direction, const Shape& input);

/// Sets the default generator to a given state during its lifetime, so that a recomputation draws the same
/// random numbers.
class XGRAD_API RepeatRandom {
 public:
  explicit RepeatRandom(const Generator& state);
  ~RepeatRandom();
  RepeatRandom(const RepeatRandom&) = delete;
  RepeatRandom& operator=(const RepeatRandom&) = delete;

 private:
  Generator present_;
};

/// Types that can be differentiated with respect to.
template <class X>
concept InputType = VariableType<X> || Number<X> || ExpressionOf<X, float> || ExpressionOf<X, double>;

template <class X>
auto to_variable(const X& x) {
  constexpr bool is_input = InputType<X>;
  static_assert(
      is_input,
      "xgrad: derivatives are taken with respect to Variables, numbers, and arrays in float or double; cast "
      "others, e.g. xt::cast<double>(array)");
  if constexpr (!is_input) {
    return Variable<double>();  // after a static_assert failure; avoids follow-up errors
  } else if constexpr (std::is_arithmetic_v<X>) {
    return Variable<double>(static_cast<double>(x));
  } else {
    return Variable<typename X::value_type>(x);
  }
}

/// The precision of an input.
template <class X>
using scalar_t = typename decltype(to_variable(std::declval<const X&>()))::value_type;

/// Converts to a direction for an input of precision T.
template <class T, class V>
Variable<T> to_direction(const V& v) {
  if constexpr (std::is_arithmetic_v<V>) {
    return Variable<T>(v);
  } else {
    constexpr bool same = std::is_same_v<scalar_t<V>, T>;
    static_assert(same, "xgrad: a direction must have the precision of its input");
    if constexpr (same) {
      return to_variable(v);
    } else {
      return Variable<T>();
    }
  }
}

/// f(args...), as a Variable.
template <class F, class... Args>
auto call(F& f, const Args&... args) {
  constexpr bool callable = std::is_invocable_v<F&, const Args&...>;
  static_assert(
      callable,
      "xgrad: the function cannot be called with these arguments; it receives the arguments that it is "
      "differentiated with respect to as Variables");
  if constexpr (callable) {
    constexpr bool gives_variable = VariableType<std::invoke_result_t<F&, const Args&...>>;
    static_assert(gives_variable, "xgrad: the function must return a Variable");
    if constexpr (gives_variable) {
      return to_variable(f(args...));
    } else {
      return Variable<double>();  // after a static_assert failure; avoids follow-up errors
    }
  } else {
    return Variable<double>();
  }
}

/// The gradients with respect to several inputs, of any precisions, in one backward pass.
template <class T, class... X>
std::tuple<Variable<X>...> gradients(const Tape& tape, const Variable<T>& y,
                                     const std::tuple<Variable<X>...>& inputs,
                                     const Variable<T>& cotangent = {}) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    // These handles may have the wrong type T; the tape uses the precision stored in the nodes.
    const std::vector<Variable<T>> handles{Variable<T>(std::get<i>(inputs).node())...};
    auto found = tape.gradient(y, handles, cotangent);
    return std::tuple<Variable<X>...>(Variable<X>(std::move(found[i]).release())...);
  }(std::index_sequence_for<X...>());
}

/// The only element of a one-element tuple, otherwise the tuple.
template <class... X>
auto one_or_all(std::tuple<X...>&& all) {
  if constexpr (sizeof...(X) == 1) {
    return std::get<0>(std::move(all));
  } else {
    return std::move(all);
  }
}

template <std::size_t i, std::size_t... chosen>
inline constexpr bool is_among = ((i == chosen) || ...);

/// Argument i: a new input if i is among `chosen`, otherwise the argument itself.
template <std::size_t i, std::size_t... chosen, class X>
decltype(auto) choose(const X& x) {
  if constexpr (is_among<i, chosen...>) {
    return new_input(to_variable(x));
  } else {
    return (x);
  }
}

template <class H>
struct handle_scalar {};
template <class T>
struct handle_scalar<ParameterHandle<T>> {
  using type = T;
};
template <class P>
  requires requires(const P& p) { p.parameter; }
struct handle_scalar<P> : handle_scalar<std::remove_cvref_t<decltype(std::declval<const P&>().parameter)>> {};

/// The precision of the parameters in a list.
template <class List>
using listed_scalar_t =
    typename handle_scalar<std::remove_cvref_t<decltype(*std::begin(std::declval<const List&>()))>>::type;

/// Whether F may be a model: an aggregate with fields (which lambdas are not), or a class with fields().
template <class F>
concept PossiblyModel = (std::is_aggregate_v<F> && !std::is_empty_v<F>) || requires(F& f) { f.fields(); };

/// Rejects models where the function is stored, and therefore copied.
template <class F>
constexpr void check_kept() {
  static_assert(
      !PossiblyModel<F>,
      "xgrad: the copy of a model has parameters of its own; wrap it, std::ref(net), or capture it by "
      "reference, [&](const auto& x) { return net(x); }");
}

/// The form in which an argument is stored: a Variable or parameter as a handle, an expression evaluated.
template <class X>
auto kept(const X& x) {
  static_assert(
      Operand<X>,
      "xgrad: the arguments that f is called with later must be Variables, arrays or numbers; let f capture "
      "everything else, a model by reference");
  if constexpr (VariableType<X>) {
    return to_variable(x);
  } else if constexpr (Expression<X>) {
    return to_array<typename X::value_type>(x);
  } else {
    return x;
  }
}

/// std::tuple, std::pair and std::array of inputs.
template <class X>
concept TupleLike = requires { std::tuple_size<X>::value; };

}  // namespace detail

/// A list of parameters: the result of nn::parameters(net), or a vector of ParameterHandles.
template <class List>
concept ParameterList = requires { typename detail::listed_scalar_t<List>; };

/// The value f(x, others...) and its gradient with respect to x, as a pair. f is called once and must return
/// a Variable with one entry. The gradient is zero if f does not depend on x. Throws TapeError if f(x) does
/// not have exactly one entry.
template <class F, class X, class... Others>
  requires(!ParameterList<X>)
auto value_and_grad(F&& f, const X& x, const Others&... others) {
  Tape tape;
  const auto input = detail::new_input(detail::to_variable(x));
  auto value = detail::call(f, input, others...);
  auto gradient = tape.gradient(detail::as_result(value), input);
  return std::pair(std::move(value), std::move(gradient));
}

/// The value f(args...) and its gradients with respect to the arguments with the given indices, counted from
/// 0. Returns a pair of the value and the gradient for one index, or of the value and a tuple of gradients in
/// the order of the indices.
///
///     const auto [value, gradients] = value_and_grad<0, 2>(f, x, scale, y);
///     const auto& [by_x, by_y] = gradients;
template <std::size_t... numbers, class F, class... Args>
  requires(sizeof...(numbers) > 0)
auto value_and_grad(F&& f, const Args&... args) {
  constexpr bool exist = ((numbers < sizeof...(Args)) && ...);
  static_assert(exist,
                "xgrad: value_and_grad<...> and grad<...> take indices of arguments, counted from 0; there "
                "is no argument with this index");
  if constexpr (exist) {
    Tape tape;
    // A tuple of references to the arguments, with new inputs in place of the chosen ones.
    const auto given = [&]<std::size_t... i>(std::index_sequence<i...>) {
      return std::tuple<decltype(detail::choose<i, numbers...>(args))...>(
          detail::choose<i, numbers...>(args)...);
    }(std::index_sequence_for<Args...>());
    auto value = std::apply([&](const auto&... each) { return detail::call(f, each...); }, given);
    auto gradients =
        detail::gradients(tape, detail::as_result(value), std::tuple(std::get<numbers>(given)...));
    return std::pair(std::move(value), detail::one_or_all(std::move(gradients)));
  } else {
    return std::pair(Variable<double>(), Variable<double>());
  }
}

/// The value f(others...) and its gradients with respect to the parameters of a model, which f captures: a
/// pair of the value and a vector of gradients, one per parameter, in the order of the list. Unlike
/// Tape::backward, it does not change parameter.grad(), and outer tapes record it.
///
///     const auto parameters = nn::parameters(net);
///     auto [loss, gradients] = value_and_grad([&] { return cross_entropy(net(x), labels); }, parameters);
template <class F, ParameterList List, class... Others>
auto value_and_grad(F&& f, const List& parameters, const Others&... others) {
  using T = detail::listed_scalar_t<List>;
  Tape tape;
  std::vector<Variable<T>> inputs;
  for (const auto& each : parameters) {
    if constexpr (requires { each.parameter; }) {
      inputs.push_back(detail::as_input(each.parameter.variable()));
    } else {
      inputs.push_back(detail::as_input(each.variable()));
    }
  }
  auto value = detail::call(f, others...);
  std::vector<Variable<T>> gradients;
  const auto result = detail::as_result(value);
  // As in detail::gradients, the handles may have the wrong type.
  std::vector<std::remove_cv_t<decltype(result)>> handles;
  for (const auto& input : inputs) handles.emplace_back(input.node());
  for (auto& gradient : tape.gradient(result, handles)) {
    gradients.emplace_back(std::move(gradient).release());
  }
  return std::pair(std::move(value), std::move(gradients));
}

/// The function (x, others...) -> gradient of f(x, others...) with respect to x. For a list of parameters:
/// (parameters, others...) -> vector of the gradients of f(others...) with respect to them.
template <class F>
auto grad(F f) {
  return [f = std::move(f)](const auto& x, const auto&... others) {
    return value_and_grad(f, x, others...).second;
  };
}

/// The function (args...) -> gradient of f(args...) with respect to the arguments with the given indices,
/// counted from 0: `grad<0, 2>(f)(x, scale, y)` returns a tuple of two gradients, `grad<1>(f)(x, y)` one
/// gradient.
template <std::size_t... numbers, class F>
  requires(sizeof...(numbers) > 0)
auto grad(F f) {
  return [f = std::move(f)](const auto&... args) { return value_and_grad<numbers...>(f, args...).second; };
}

/// The value y = f(x...) and its pullback, as a pair. The pullback maps a cotangent u, in the shape of y, to
/// the vector-Jacobian product: the gradient of sum(u f(x...)) with respect to x. For several inputs it
/// returns a tuple with the gradient with respect to each.
///
/// The pullback may be called any number of times, also after all tapes of the caller have closed. It is
/// differentiable with respect to u, x and the captures of f on the tapes open when it is called. It owns
/// copies of f and x, but not of what f captures by reference. Each call evaluates f(x...) again, drawing the
/// same numbers from the default generator as the first evaluation. For a single product, or several from one
/// recording, Tape::gradient(y, x, u) is cheaper. Throws ShapeError if u does not have the shape of y.
template <class F, class... X>
  requires(sizeof...(X) > 0)
auto vjp(F f, const X&... x) {
  detail::check_kept<F>();
  auto inputs = std::tuple(detail::to_variable(x)...);
  Generator random = default_generator();
  auto value =
      std::apply([&](const auto&... each) { return detail::call(std::as_const(f), each...); }, inputs);
  using Value = typename decltype(value)::value_type;
  auto pullback = [f = std::move(f), inputs = std::move(inputs),
                   random = std::move(random)](const Variable<Value>& cotangent) {
    const detail::RepeatRandom same(random);
    Tape tape;
    const auto own =
        std::apply([](const auto&... each) { return std::tuple(detail::new_input(each)...); }, inputs);
    const auto y = std::apply([&](const auto&... each) { return detail::call(f, each...); }, own);
    return detail::one_or_all(detail::gradients(tape, detail::as_result(y), own, cotangent));
  };
  return std::pair(std::move(value), std::move(pullback));
}

/// The value y = f(x...) and its directional derivative, as a pair: the Jacobian-vector product, the rate of
/// change of y as each input moves along its direction v. Inputs and directions are tuples (pairs, arrays) of
/// the same length. The cost is a small multiple of f's.
///
/// Computed as the derivative with respect to u of the product u^T J, which is linear in u; custom pullbacks
/// must therefore be written with operations on Variables. Throws ShapeError if a direction does not have its
/// input's shape.
template <class F, detail::TupleLike X, detail::TupleLike V>
auto jvp(F&& f, const X& x, const V& v) {
  constexpr bool as_many = std::tuple_size_v<X> == std::tuple_size_v<V>;
  static_assert(as_many, "xgrad: jvp takes as many directions as inputs");
  if constexpr (as_many) {
    constexpr auto each_input = std::make_index_sequence<std::tuple_size_v<X>>();
    const auto given =
        std::apply([](const auto&... each) { return std::tuple(detail::to_variable(each)...); }, x);
    const auto directions = [&]<std::size_t... i>(std::index_sequence<i...>) {
      return std::tuple(
          detail::to_direction<detail::scalar_t<std::tuple_element_t<i, X>>>(std::get<i>(v))...);
    }(each_input);
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      (detail::check_direction("jvp", std::get<i>(directions).shape(), std::get<i>(given).shape()), ...);
    }(each_input);

    Tape outer;
    Tape tape;
    const auto inputs =
        std::apply([](const auto&... each) { return std::tuple(detail::new_input(each)...); }, given);
    auto y = std::apply([&](const auto&... each) { return detail::call(f, each...); }, inputs);
    using T = typename decltype(y)::value_type;
    const auto u = detail::new_input(Variable<T>(full<T>(y.shape(), T(0))));
    const auto products = detail::gradients(tape, detail::as_result(y), inputs, u);
    const auto along = [&]<std::size_t... i>(std::index_sequence<i...>) {
      return (cast<T>(sum(std::get<i>(products) * std::get<i>(directions))) + ...);
    }(each_input);
    auto tangent = outer.gradient(along, u);
    return std::pair(std::move(y), std::move(tangent));
  } else {
    return std::pair(Variable<double>(), Variable<double>());
  }
}

/// The same for one input.
template <class F, class X, class V>
  requires(!detail::TupleLike<X>)
auto jvp(F&& f, const X& x, const V& v) {
  const auto given = detail::to_variable(x);
  return jvp(f, std::tuple(given), std::tuple(detail::to_direction<detail::scalar_t<X>>(v)));
}

}  // namespace xgrad
