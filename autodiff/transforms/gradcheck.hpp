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
/// Numerical gradient checks, in double.

namespace xgrad {

/// Options for gradcheck and gradgradcheck.
struct GradCheckOptions {
  double relative = 1e-5;  ///< relative tolerance of an entry, in addition to the estimated numerical error
  bool full_jacobian =
      false;  ///< check every output against every input, instead of one random combination of outputs
  std::uint64_t seed = 0;  ///< of the random combination
};

/// The result of a gradient check.
struct GradCheck {
  bool ok = false;             ///< whether the gradients passed the check
  std::string message;         ///< if not ok: both values of every entry, worst first; otherwise a summary
  std::size_t entries = 0;     ///< number of entries compared
  std::size_t wrong = 0;       ///< entries outside their tolerance
  std::size_t non_smooth = 0;  ///< entries at a kink or jump, which cannot be compared
  std::size_t unresolved = 0;  ///< entries whose numerical value is too uncertain to detect a small error

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

/// f as a function of a vector of inputs.
template <class... Inputs, class F>
CheckedFunction take_list(F& f) {
  constexpr bool callable = std::is_invocable_v<F&, const InputVariable<Inputs>&...>;
  static_assert(callable,
                "xgrad: the function to check must take as many Variable<double> as there are inputs, and "
                "return one");
  if constexpr (callable) {
    return [&f](const std::vector<Variable<double>>& inputs) {
      return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return Variable<double>(f(inputs[I]...));
      }(std::index_sequence_for<Inputs...>());
    };
  } else {
    return {};
  }
}

template <class F>
concept NotCheckOptions = !std::same_as<std::remove_cvref_t<F>, GradCheckOptions>;

}  // namespace detail

/// Compares the gradient of f with respect to each entry of each input with central differences.
///
/// f takes as many `Variable<double>` as there are inputs, which are Variables or arrays in double, and
/// returns a Variable of any shape. Steps start at 2^-6 max(1, |x|), with |x| rounded up to a power of two,
/// and are halved successively. Pairs of steps are extrapolated to fourth order; the pair of extrapolations
/// that agrees best, rounding error included, provides the numerical value and its uncertainty. An entry is
/// wrong if it differs by more than `relative` of itself plus this uncertainty. An entry is non-smooth (at a
/// kink or jump) if its one-sided differences do not approach each other in proportion to the step. The
/// default generator is reset before every evaluation and at the end. The check also fails if a gradient
/// differs between two backward passes or recordings, if it has a wrong shape, or if a value or gradient has
/// a NaN or infinite entry.
template <class F, class... Inputs>
GradCheck gradcheck(const GradCheckOptions& options, F&& f, const Inputs&... inputs) {
  return detail::gradcheck(options, detail::take_list<Inputs...>(f), {Variable<double>(inputs)...});
}

template <detail::NotCheckOptions F, class... Inputs>
GradCheck gradcheck(F&& f, const Inputs&... inputs) {
  return gradcheck(GradCheckOptions(), f, inputs...);
}

/// Checks second derivatives: runs gradcheck on the function that maps the inputs and a cotangent to f's
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
