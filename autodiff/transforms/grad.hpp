#pragma once

#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/lift.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/parameter.hpp>
#include <autodiff/random.hpp>
#include <autodiff/tape.hpp>
#include <autodiff/variable.hpp>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Functions of functions: from one that computes with Variables to one that gives its derivative. They nest:
/// grad(grad(f)) is the second derivative.
///
/// The inputs that a derivative is taken by are Variables, arrays or numbers, and reach f as Variables of
/// their own: what f captures is held fixed, even where it captures the very Variable that it is
/// differentiated by. Whatever else f takes is passed on.

namespace xgrad {

namespace detail {

/// The argument as an input of the innermost tape: it took part, whatever the function does with it.
template <class T>
XGRAD_API Variable<T> as_input(const Variable<T>& x);

/// An input of the innermost tape that nobody else has a handle to; outer tapes record where it came from.
template <class T>
XGRAD_API Variable<T> new_input(Variable<T> x);

/// The result as one that the innermost tape can be asked about: also where a function only hands on what
/// it was given, or what was computed before the tape was opened.
template <class T>
XGRAD_API Variable<T> as_result(const Variable<T>& y);

/// Throws ShapeError, naming the caller, where a direction does not have the shape of its input.
XGRAD_API void check_direction(const char* caller, const Shape& direction, const Shape& input);

/// Sets the default generator back to a state for as long as it lives: what is computed again draws the same
/// numbers again.
class XGRAD_API RepeatRandom {
 public:
  explicit RepeatRandom(const Generator& state);
  ~RepeatRandom();
  RepeatRandom(const RepeatRandom&) = delete;
  RepeatRandom& operator=(const RepeatRandom&) = delete;

 private:
  Generator present_;
};

/// What derivatives are taken by.
template <class X>
concept InputType = VariableType<X> || Number<X> || ExpressionOf<X, float> || ExpressionOf<X, double>;

template <class X>
auto to_variable(const X& x) {
  constexpr bool is_input = InputType<X>;
  static_assert(is_input,
                "xgrad: derivatives are taken by Variables, numbers, and arrays in float or double; cast "
                "others, e.g. xt::cast<double>(array)");
  if constexpr (!is_input) {
    return Variable<double>();  // after an error message; another one would mislead
  } else if constexpr (std::is_arithmetic_v<X>) {
    return Variable<double>(static_cast<double>(x));
  } else {
    return Variable<typename X::value_type>(x);
  }
}

/// The precision of an input.
template <class X>
using scalar_t = typename decltype(to_variable(std::declval<const X&>()))::value_type;

/// A direction in which an input of precision T moves.
template <class T, class V>
Variable<T> to_direction(const V& v) {
  if constexpr (std::is_arithmetic_v<V>) {
    return Variable<T>(v);
  } else {
    constexpr bool same = std::is_same_v<scalar_t<V>, T>;
    static_assert(same, "xgrad: a direction has to have the precision of its input");
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
      "xgrad: the function cannot be called with these arguments; those that it is differentiated by "
      "come as Variables");
  if constexpr (callable) {
    constexpr bool gives_variable = VariableType<std::invoke_result_t<F&, const Args&...>>;
    static_assert(gives_variable, "xgrad: the function has to return a Variable");
    if constexpr (gives_variable) {
      return to_variable(f(args...));
    } else {
      return Variable<double>();  // after an error message; another one would mislead
    }
  } else {
    return Variable<double>();
  }
}

/// The gradients by several inputs, of any precisions, from one replay.
template <class T, class... X>
std::tuple<Variable<X>...> gradients(const Tape& tape, const Variable<T>& y,
                                     const std::tuple<Variable<X>...>& inputs,
                                     const Variable<T>& cotangent = {}) {
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    // The tape asks the nodes themselves for their precision; these are only handles to them.
    const std::vector<Variable<T>> handles{Variable<T>(std::get<i>(inputs).node())...};
    auto found = tape.gradient(y, handles, cotangent);
    return std::tuple<Variable<X>...>(Variable<X>(std::move(found[i]).release())...);
  }
  (std::index_sequence_for<X...>());
}

/// Of one, itself.
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

/// The argument number i: an input of its own where it is among those chosen, itself otherwise.
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

/// What may be a model: a struct with fields that is no lambda.
template <class F>
concept PossiblyModel = (std::is_aggregate_v<F> && !std::is_empty_v<F>) || requires(F& f) {
  f.fields();
};

/// For functions that are kept for later and so copied.
template <class F>
constexpr void check_kept() {
  static_assert(
      !PossiblyModel<F>,
      "xgrad: the copy of a model has parameters of its own; wrap it, std::ref(net), or capture it by "
      "reference, [&](const auto& x) { return net(x); }");
}

/// An argument as it is kept: a parameter as a handle to it, an expression evaluated.
template <class X>
auto kept(const X& x) {
  static_assert(
      Operand<X>,
      "xgrad: the arguments that f is called with later are Variables, arrays and numbers; f captures all "
      "else, a model by reference");
  if constexpr (VariableType<X>) {
    return to_variable(x);
  } else if constexpr (Expression<X>) {
    return to_array<typename X::value_type>(x);
  } else {
    return x;
  }
}

/// Tuples, pairs and arrays of inputs.
template <class X>
concept TupleLike = requires {
  std::tuple_size<X>::value;
};

}  // namespace detail

/// A list of parameters: what nn::parameters(net) gives, or a vector of ParameterHandles.
template <class List>
concept ParameterList = requires {
  typename detail::listed_scalar_t<List>;
};

/// The value f(x, others...) and its gradient by x, from one recording: a pair. f gives one number; where it
/// does not depend on x, the gradient is zero. Throws TapeError where f(x) is not one number.
template <class F, class X, class... Others>
  requires(!ParameterList<X>)
auto value_and_grad(F&& f, const X& x, const Others&... others) {
  Tape tape;
  const auto input = detail::new_input(detail::to_variable(x));
  auto value = detail::call(f, input, others...);
  auto gradient = tape.gradient(detail::as_result(value), input);
  return std::pair(std::move(value), std::move(gradient));
}

/// The value f(args...) and its gradients by the arguments whose numbers are given, counted from 0: a pair of
/// the value and the gradient where one number is given, of the value and a tuple of gradients, in the order
/// of the numbers, where there are several.
///
///     const auto [value, gradients] = value_and_grad<0, 2>(f, x, scale, y);
///     const auto& [by_x, by_y] = gradients;
template <std::size_t... numbers, class F, class... Args>
  requires(sizeof...(numbers) > 0)
auto value_and_grad(F&& f, const Args&... args) {
  constexpr bool exist = ((numbers < sizeof...(Args)) && ...);
  static_assert(
      exist,
      "xgrad: value_and_grad<...> and grad<...> number the arguments from 0; there is no argument of "
      "this number");
  if constexpr (exist) {
    Tape tape;
    // A tuple of references to the arguments, except for those that are inputs.
    const auto given = [&]<std::size_t... i>(std::index_sequence<i...>) {
      return std::tuple<decltype(detail::choose<i, numbers...>(args))...>(
          detail::choose<i, numbers...>(args)...);
    }
    (std::index_sequence_for<Args...>());
    auto value = std::apply([&](const auto&... each) { return detail::call(f, each...); }, given);
    auto gradients =
        detail::gradients(tape, detail::as_result(value), std::tuple(std::get<numbers>(given)...));
    return std::pair(std::move(value), detail::one_or_all(std::move(gradients)));
  } else {
    return std::pair(Variable<double>(), Variable<double>());
  }
}

/// The value f(others...) and its gradients by the parameters of a model, which f uses without being given
/// them: a pair of the value and a vector with one gradient for each parameter, in their order. Unlike
/// Tape::backward it leaves parameter.grad() alone, and it is recorded by outer tapes.
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
  // As in detail::gradients, handles of the result's precision to nodes of any.
  std::vector<std::remove_cv_t<decltype(result)>> handles;
  for (const auto& input : inputs) handles.emplace_back(input.node());
  for (auto& gradient : tape.gradient(result, handles)) {
    gradients.emplace_back(std::move(gradient).release());
  }
  return std::pair(std::move(value), std::move(gradients));
}

/// The function x, others... -> the gradient of f(x, others...) by x; of a list of parameters, others... ->
/// the vector of gradients of f(others...) by them.
template <class F>
auto grad(F f) {
  return [f = std::move(f)](const auto& x, const auto&... others) {
    return value_and_grad(f, x, others...).second;
  };
}

/// The function args... -> the gradient of f(args...) by the arguments whose numbers are given, counted from
/// 0: `grad<0, 2>(f)(x, scale, y)` is a tuple of two gradients, `grad<1>(f)(x, y)` is one.
template <std::size_t... numbers, class F>
  requires(sizeof...(numbers) > 0)
auto grad(F f) {
  return [f = std::move(f)](const auto&... args) { return value_and_grad<numbers...>(f, args...).second; };
}

/// The value f(x...) and its pullback: a pair of y and of a function that takes a cotangent u in the shape of
/// y to the vector-Jacobian product, the gradient of sum(u f(x...)) by x, or for several inputs to the tuple
/// of the gradients by each.
///
/// The pullback may be called any number of times, also after every tape of the caller is gone, and is
/// differentiable in u, x and whatever f captures by whichever tapes are open when it is called. It owns
/// copies of f and x, not what f captures by reference, and evaluates f(x...) again at each call: with the
/// numbers from the default generator that the first evaluation drew. For one product, or several from one
/// recording, Tape::gradient(y, x, u) is cheaper. Throws ShapeError where u does not have the shape of y.
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

/// The value f(x...) and its directional derivative, the Jacobian-vector product: a pair of y and the rate at
/// which y changes as each input moves along its direction v. Inputs and directions come as tuples (pairs,
/// arrays) of the same length. The cost is a small multiple of f's.
///
/// It is the derivative by u of the product u^T J, which is linear in u: the pullbacks of operations of your
/// own have to be written with Variables. Throws ShapeError where a direction does not have its input's
/// shape.
template <class F, detail::TupleLike X, detail::TupleLike V>
auto jvp(F&& f, const X& x, const V& v) {
  constexpr bool as_many = std::tuple_size_v<X> == std::tuple_size_v<V>;
  static_assert(as_many, "xgrad: jvp takes as many directions as it takes inputs");
  if constexpr (as_many) {
    constexpr auto each_input = std::make_index_sequence<std::tuple_size_v<X>>();
    const auto given =
        std::apply([](const auto&... each) { return std::tuple(detail::to_variable(each)...); }, x);
    const auto directions = [&]<std::size_t... i>(std::index_sequence<i...>) {
      return std::tuple(
          detail::to_direction<detail::scalar_t<std::tuple_element_t<i, X>>>(std::get<i>(v))...);
    }
    (each_input);
    [&]<std::size_t... i>(std::index_sequence<i...>) {
      (detail::check_direction("jvp", std::get<i>(directions).shape(), std::get<i>(given).shape()), ...);
    }
    (each_input);

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
    }
    (each_input);
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
