#pragma once

#include <autodiff/recorder.hpp>
#include <autodiff/variable.hpp>

#include <initializer_list>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// How to define an operation: a function computes the value and passes it to `operation` together with one
/// pullback per input:
///
///     template <class T>
///     Variable<T> cube(const Variable<T>& x) {
///       return operation("cube", xt::xarray<T>(x.value() * x.value() * x.value()),
///                        {x, [x](const Variable<T>& g) { return T(3) * x * x * g; }});
///     }
///
/// A pullback takes the cotangent `g` of the result, or `(g, y)` with the result itself, and returns the
/// cotangent of its input, in that input's shape. Written with operations on Variables, it is itself
/// differentiable. The tape saves what it captures. A pullback that takes the cotangent by value or as an
/// rvalue may reuse its memory.

namespace xgrad {

namespace detail {

/// The return type of a pullback for a cotangent of precision T.
template <class T, class F>
struct pullback_result : std::invoke_result<F&, Variable<T>&&> {};
template <class T, class F>
  requires(std::is_invocable_v<F&, Variable<T> &&, const Variable<T>&>)
struct pullback_result<T, F> : std::invoke_result<F&, Variable<T>&&, const Variable<T>&> {};

/// A range of Variables of precision T.
template <class R, class T>
concept Cotangents = requires(const R& range) {
  std::size(range);
  requires BecomesVariable<decltype(*std::begin(range)), T>;
};

/// The pullback from a result of precision T to an input of precision U.
template <class T, class U, class F>
struct InputPullback final : Pullback {
  static constexpr bool takes_result = std::is_invocable_v<F&, Variable<T>&&, const Variable<T>&>;
  static_assert(
      takes_result || std::is_invocable_v<F&, Variable<T>&&>,
      "xgrad: a pullback must be callable as f(g) or f(g, y), with Variables of the operation's type");
  static constexpr bool returns_cotangent = [] {
    if constexpr (takes_result || std::is_invocable_v<F&, Variable<T>&&>) {
      return BecomesVariable<typename pullback_result<T, F>::type, U>;
    }
    return true;  // the assertion above already explains
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

/// A joint pullback for several inputs that share work. Returns a range of Variables, one per input.
template <class T, class F>
struct JointPullback final : Pullback {
  static constexpr bool takes_result = std::is_invocable_v<F&, Variable<T>&&, const Variable<T>&>;
  static_assert(
      takes_result || std::is_invocable_v<F&, Variable<T>&&>,
      "xgrad: a joint pullback must be callable as f(g) or f(g, y), with Variables of the operation's type");
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

/// An input of an operation and its pullback, written `{x, [](const Variable<T>& g) { ... }}`. The pullback
/// is kept only if a tape is recording and the input is not a constant.
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

  /// Transfers the pullback to the record.
  detail::Link take() const noexcept { return {link_.input, std::exchange(link_.pullback, nullptr)}; }

 private:
  mutable detail::Link link_{};
};

namespace detail {

/// Records an operation whose result is in a new, unshared Variable.
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

/// Defines an operation with one input; `value` is its result. Returns the result as a Variable, recorded on
/// the open tapes.
template <Expression E>
auto operation(const char* name, E&& value, const Input<typename std::decay_t<E>::value_type>& input) {
  using T = typename std::decay_t<E>::value_type;
  return detail::finish_operation<T>(name, Variable<T>(std::forward<E>(value)), input);
}

/// Defines an operation with several inputs, `{{a, f}, {b, g}}`.
template <Expression E>
auto operation(const char* name, E&& value,
               std::initializer_list<Input<typename std::decay_t<E>::value_type>> inputs) {
  using T = typename std::decay_t<E>::value_type;
  return detail::finish_operation<T>(name, Variable<T>(std::forward<E>(value)), inputs);
}

/// Defines an operation whose inputs share one joint pullback. It takes `(g)` or `(g, y)` and returns a range
/// (array, vector) of cotangents, one for each input.
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
