#pragma once

#include <autodiff/recorder.hpp>
#include <autodiff/variable.hpp>

#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// How an operation is declared: one function computes its value and hands it to `operation` together with
/// one pullback per input,
///
///     template <class T>
///     Variable<T> cube(const Variable<T>& x) {
///       return operation("cube", xt::xarray<T>(x.value() * x.value() * x.value()),
///                        {x, [x](const Variable<T>& g) { return T(3) * x * x * g; }});
///     }
///
/// A pullback takes the cotangent `g` of the result, or `(g, y)` with the result itself, and returns the
/// cotangent of its input, in that input's shape. It is written with Variables, so that it can be
/// differentiated again. What it captures is what the tape saves. A cotangent that is taken by value or as
/// an rvalue may have its memory reused.

namespace xgrad {

namespace detail {

/// What a pullback returns for a cotangent of precision T.
template <class T, class F>
struct pullback_result : std::invoke_result<F&, Variable<T>&&> {};
template <class T, class F>
  requires(std::is_invocable_v<F&, Variable<T>&&, const Variable<T>&>)
struct pullback_result<T, F> : std::invoke_result<F&, Variable<T>&&, const Variable<T>&> {};

/// A range of Variables of precision T.
template <class R, class T>
concept Cotangents = requires(const R& range) {
  std::size(range);
  requires BecomesVariable<decltype(*std::begin(range)), T>;
};

/// A pullback of a result of precision T for an input of precision U.
template <class T, class U, class F>
struct InputPullback final : Pullback {
  static constexpr bool takes_result = std::is_invocable_v<F&, Variable<T>&&, const Variable<T>&>;
  static_assert(takes_result || std::is_invocable_v<F&, Variable<T>&&>,
                "xgrad: a pullback is callable as f(g) or f(g, y), with Variables of the operation's type");
  static constexpr bool returns_cotangent = [] {
    if constexpr (takes_result || std::is_invocable_v<F&, Variable<T>&&>) {
      return BecomesVariable<typename pullback_result<T, F>::type, U>;
    }
    return true;  // one message is enough
  }();
  static_assert(returns_cotangent,
                "xgrad: a pullback returns the cotangent of its input, a Variable of the input's precision");

  explicit InputPullback(F&& f) : Pullback(takes_result), function(std::move(f)) {}
  explicit InputPullback(const F& f) : Pullback(takes_result), function(f) {}

  void run(NodePointer cotangent, const NodePointer& result, std::span<NodePointer> inputs) override {
    Variable<T> g(std::move(cotangent));
    if constexpr (takes_result) {
      inputs[0] = Variable<U>(function(std::move(g), Variable<T>(result))).release();
    } else {
      inputs[0] = Variable<U>(function(std::move(g))).release();
    }
  }

  F function;
};

/// One pullback for several inputs that share work: it returns a range of Variables, one for each.
template <class T, class F>
struct JointPullback final : Pullback {
  static constexpr bool takes_result = std::is_invocable_v<F&, Variable<T>&&, const Variable<T>&>;
  static_assert(
      takes_result || std::is_invocable_v<F&, Variable<T>&&>,
      "xgrad: a joint pullback is callable as f(g) or f(g, y), with Variables of the operation's type");
  static constexpr bool returns_cotangents = [] {
    if constexpr (takes_result || std::is_invocable_v<F&, Variable<T>&&>) {
      return Cotangents<typename pullback_result<T, F>::type, T>;
    }
    return true;
  }();
  static_assert(returns_cotangents,
                "xgrad: a joint pullback returns a range with one Variable, a cotangent, per input");

  explicit JointPullback(F&& f) : Pullback(takes_result), function(std::move(f)) {}
  explicit JointPullback(const F& f) : Pullback(takes_result), function(f) {}

  void run(NodePointer cotangent, const NodePointer& result, std::span<NodePointer> inputs) override {
    Variable<T> g(std::move(cotangent));
    if constexpr (takes_result) {
      distribute(function(std::move(g), Variable<T>(result)), inputs);
    } else {
      distribute(function(std::move(g)), inputs);
    }
  }

  template <class Range>
  void distribute(const Range& cotangents, std::span<NodePointer> inputs) {
    if (std::size(cotangents) != inputs.size()) throw_wrong_count(std::size(cotangents), inputs.size());
    std::size_t i = 0;
    for (const Variable<T>& each : cotangents) inputs[i++] = each.node();
  }

  F function;
};

}  // namespace detail

/// An input of an operation and its pullback, written `{x, [](const Variable<T>& g) { ... }}`. The
/// pullback is kept only where a tape records and the input is no constant.
template <class T>
class Input {
 public:
  template <class U, class F>
  Input(const Variable<U>& input, F&& pullback) : link_{input.node().get(), nullptr} {
    if (detail::is_recorded(link_.input)) {
      link_.pullback =
          detail::in_arena<detail::InputPullback<T, U, std::decay_t<F>>>(std::forward<F>(pullback));
    }
  }
  template <detail::Raw A, class F>
  Input(const A&, F&&) {
    static_assert(VariableType<A>,
                  "xgrad: the inputs of an operation are Variables; constant(array) makes one");
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() {
    if (link_.pullback != nullptr) link_.pullback->~Pullback();
  }

  /// Hands the pullback over to the record.
  detail::Link take() const noexcept { return {link_.input, std::exchange(link_.pullback, nullptr)}; }

 private:
  mutable detail::Link link_{};
};

namespace detail {

/// Declares an operation whose result stands in a Variable that nobody has seen yet.
template <class T>
Variable<T> finish_operation(const char* name, Variable<T>&& result, const Input<T>& input) {
  const Link links[] = {input.take()};
  return Variable<T>(finish(name, std::move(result).release(), links));
}

template <class T>
Variable<T> finish_operation(const char* name, Variable<T>&& result, std::initializer_list<Input<T>> inputs) {
  xt::svector<Link, 4> links;
  links.reserve(inputs.size());
  for (const Input<T>& input : inputs) links.push_back(input.take());
  return Variable<T>(finish(name, std::move(result).release(), std::span(links.data(), links.size())));
}

}  // namespace detail

/// Declares an operation of one input: `value` is what it computed. Returns the Variable that stands for
/// the result on the tapes that record it.
template <Expression E>
auto operation(const char* name, E&& value, const Input<typename std::decay_t<E>::value_type>& input) {
  using T = typename std::decay_t<E>::value_type;
  return detail::finish_operation<T>(name, Variable<T>(std::forward<E>(value)), input);
}

/// Declares an operation of several inputs, `{{a, f}, {b, g}}`.
template <Expression E>
auto operation(const char* name, E&& value,
               std::initializer_list<Input<typename std::decay_t<E>::value_type>> inputs) {
  using T = typename std::decay_t<E>::value_type;
  return detail::finish_operation<T>(name, Variable<T>(std::forward<E>(value)), inputs);
}

/// Declares an operation whose inputs share one pullback: it takes `(g)` or `(g, y)` and returns a
/// range (an array, a vector) of cotangents, one for each input.
template <Expression E, class F>
auto operation(const char* name, E&& value,
               const std::vector<Variable<typename std::decay_t<E>::value_type>>& inputs,
               F&& joint_pullback) {
  using T = typename std::decay_t<E>::value_type;
  Variable<T> result(std::forward<E>(value));
  std::vector<detail::Link> links;
  links.reserve(inputs.size());
  bool recorded = false;
  for (const auto& input : inputs) {
    links.push_back({input.node().get(), nullptr});
    recorded = recorded || detail::is_recorded(input.node().get());
  }
  if (recorded) {
    links.front().pullback =
        detail::in_arena<detail::JointPullback<T, std::decay_t<F>>>(std::forward<F>(joint_pullback));
  }
  return Variable<T>(detail::finish_joint(name, std::move(result).release(), links));
}

}  // namespace xgrad
