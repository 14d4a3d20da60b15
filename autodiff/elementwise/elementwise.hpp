#pragma once

#include <autodiff/elementwise/scalar_expression.hpp>
#include <autodiff/ops/lift.hpp>

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Formulas of a user's own, computed and differentiated entry by entry in one pass.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> elementwise(std::shared_ptr<const Formula> formula, std::vector<Variable<T>> inputs);

template <class>
using ExpressionFor = const ScalarExpression&;

/// What f does to its entries.
template <class... X, class F>
std::shared_ptr<const Formula> formula_of(F& f) {
  constexpr bool callable = std::is_invocable_v<F&, ExpressionFor<X>...>;
  static_assert(callable,
                "xgrad: the function of elementwise takes one number for each input, as auto: "
                "[](auto a, auto b) { return a * exp(-b * b); }");
  if constexpr (callable) {
    constexpr bool gives_number =
        std::is_convertible_v<std::invoke_result_t<F&, ExpressionFor<X>...>, ScalarExpression>;
    static_assert(gives_number, "xgrad: the function of elementwise has to return a number");
    if constexpr (gives_number) {
      FormulaBuilder builder(sizeof...(X));
      return [&]<std::size_t... k>(std::index_sequence<k...>) {
        return builder.finish(f(builder.input(k)...));
      }
      (std::index_sequence_for<X...>());
    }
  }
  return nullptr;
}

}  // namespace detail

/// f applied to every entry of the inputs, which broadcast and are Variables, arrays and numbers, at least
/// one of them a Variable. Value and derivatives are each computed in one pass over memory, however long the
/// formula is; the tape keeps the inputs alone.
///
///     const auto y = elementwise([](auto a, auto b) { return a * exp(-b * b); }, p, q);
///
/// f is called once, with a ScalarExpression for each input, and its derivatives are derived from what it
/// does with them, by dual numbers, to any order. It may use the functions of entry.hpp, the standard ones
/// among them, numbers, and loops whose length does not depend on entries. What depends on the value of an
/// entry is written with `where`, `max`, `min`, `abs`: a comparison is no bool. Numbers that f captures are
/// constants.
///
/// At the edges the derivatives are those that entry.hpp names; a branch that `where` did not take adds
/// nothing, not even NaN. Throws ShapeError where shapes do not broadcast.
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
