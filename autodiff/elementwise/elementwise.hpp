#pragma once

#include <autodiff/elementwise/scalar_expression.hpp>
#include <autodiff/ops/lift.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Fused user-defined formulas: computed and differentiated entry by entry in one pass.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> elementwise(std::shared_ptr<const Formula> formula, std::vector<Variable<T>> inputs);

template <class>
using ExpressionFor = const ScalarExpression&;

/// The formula that f computes for each entry.
template <class... X, class F>
std::shared_ptr<const Formula> formula_of(F& f) {
  constexpr bool callable = std::is_invocable_v<F&, ExpressionFor<X>...>;
  static_assert(callable,
                "xgrad: the function of elementwise must take one number for each input, as auto: [](auto a, "
                "auto b) { return a * exp(-b * b); }");
  if constexpr (callable) {
    constexpr bool gives_number =
        std::is_convertible_v<std::invoke_result_t<F&, ExpressionFor<X>...>, ScalarExpression>;
    static_assert(gives_number, "xgrad: the function of elementwise must return a number");
    if constexpr (gives_number) {
      FormulaBuilder builder(sizeof...(X));
      return [&]<std::size_t... k>(std::index_sequence<k...>) {
        return builder.finish(f(builder.input(k)...));
      }(std::index_sequence_for<X...>());
    }
  }
  return nullptr;
}

}  // namespace detail

/// f applied to every entry of the inputs, which broadcast. The inputs are Variables, arrays and numbers, at
/// least one of them a Variable. Value and derivatives are each computed in one pass over memory, independent
/// of the length of the formula; the tape saves only the inputs.
///
///     const auto y = elementwise([](auto a, auto b) { return a * exp(-b * b); }, p, q);
///
/// f is called once, with a ScalarExpression for each input. Its derivatives of any order are obtained from
/// the recorded formula by dual numbers. f may use the functions of scalar_expression.hpp (which include the
/// standard ones), numbers, and loops whose length does not depend on entries. Use `where`, `max`, `min` or
/// `abs` instead of branching on the value of an entry: a comparison is not a bool. Numbers that f captures
/// are constants.
///
/// At non-differentiable points, the derivatives are those documented in scalar_expression.hpp; a branch that
/// `where` does not select contributes nothing, not even NaN. Throws ShapeError if the shapes do not
/// broadcast.
template <class F, class... X>
auto elementwise(F&& f, X&&... inputs) {
  static_assert((Operand<X> && ...) && (VariableType<X> || ...),
                "xgrad: the inputs of elementwise are Variables, arrays and numbers, at least one of them a "
                "Variable");
  using T = detail::common_scalar_t<X...>;
  return detail::elementwise<T>(detail::formula_of<X...>(f),
                                {Variable<T>(detail::lift<T>(std::forward<X>(inputs)))...});
}

}  // namespace xgrad
