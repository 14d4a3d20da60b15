#pragma once

#include <autodiff/config.hpp>
#include <autodiff/variable.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Numerical checks of gradients, in double.

namespace xgrad {

/// How a gradient is checked.
struct GradCheckOptions {
  double relative = 1e-5;  ///< what an entry may be off by, as a share of itself, beyond the numerical error
  bool full_jacobian =
      false;  ///< check every output by every input, instead of one random combination of outputs
  std::uint64_t seed = 0;  ///< of that combination
};

/// What a check found.
struct GradCheck {
  bool ok = false;
  std::string message;         ///< if not ok: every entry's two values, worst first; else a summary
  std::size_t entries = 0;     ///< compared
  std::size_t wrong = 0;       ///< outside their tolerance
  std::size_t non_smooth = 0;  ///< at a kink or a jump, where there is nothing to compare with
  std::size_t unresolved = 0;  ///< whose numerical value is too uncertain to tell a small mistake

  explicit operator bool() const { return ok; }
};

namespace detail {

using CheckedFunction = std::function<Variable<double>(const std::vector<Variable<double>>&)>;

XGRAD_API GradCheck gradcheck(const GradCheckOptions& options, const CheckedFunction& f,
                              const std::vector<Variable<double>>& inputs);
XGRAD_API GradCheck gradgradcheck(const GradCheckOptions& options, const CheckedFunction& f,
                                  const std::vector<Variable<double>>& inputs);

template <class Input>
using InputVariable = Variable<double>;

/// f as a function of a list of inputs.
template <class... Inputs, class F>
CheckedFunction take_list(F& f) {
  constexpr bool callable = std::is_invocable_v<F&, const InputVariable<Inputs>&...>;
  static_assert(callable,
                "xgrad: a function that is checked takes as many Variable<double> as there are inputs, and "
                "gives one");
  if constexpr (callable) {
    return [&f](const std::vector<Variable<double>>& inputs) {
      return [&]<std::size_t... I>(std::index_sequence<I...>) { return Variable<double>(f(inputs[I]...)); }
      (std::index_sequence_for<Inputs...>());
    };
  } else {
    return {};
  }
}

template <class F>
concept NotCheckOptions = !std::same_as<std::remove_cvref_t<F>, GradCheckOptions>;

}  // namespace detail

/// Compares the gradient of f by each entry of each input with central differences.
///
/// f takes as many `Variable<double>` as there are inputs, which are Variables or arrays in double, and
/// returns a Variable of any shape. The step halves from 2^-6 max(1, |x|) on; pairs of steps are extrapolated
/// to the fourth order and pairs of those compared, and where they agree best, rounding counted in, is the
/// numerical value and its uncertainty. An entry is wrong where it differs by more than `relative` of itself
/// and this uncertainty. An entry whose one-sided differences do not approach each other in proportion to the
/// step lies on a kink or a jump: it is counted as non-smooth. The default generator is set back before every
/// evaluation, and at the end. A gradient that differs from one replay or recording to the next, or that has
/// a wrong shape, is not ok either; nor is a value or a gradient with an entry that is NaN or infinite.
template <class F, class... Inputs>
GradCheck gradcheck(const GradCheckOptions& options, F&& f, const Inputs&... inputs) {
  return detail::gradcheck(options, detail::take_list<Inputs...>(f), {Variable<double>(inputs)...});
}

template <detail::NotCheckOptions F, class... Inputs>
GradCheck gradcheck(F&& f, const Inputs&... inputs) {
  return gradcheck(GradCheckOptions(), f, inputs...);
}

/// Checks second derivatives: gradcheck of the function that maps the inputs and a cotangent to f's
/// gradients.
template <class F, class... Inputs>
GradCheck gradgradcheck(const GradCheckOptions& options, F&& f, const Inputs&... inputs) {
  return detail::gradgradcheck(options, detail::take_list<Inputs...>(f), {Variable<double>(inputs)...});
}

template <detail::NotCheckOptions F, class... Inputs>
GradCheck gradgradcheck(F&& f, const Inputs&... inputs) {
  return gradgradcheck(GradCheckOptions(), f, inputs...);
}

}  // namespace xgrad
