#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Numbers that change from step to step: learning rates and momentum coefficients.

namespace xgrad::optim {

/// A number for each step t = 0, 1, 2, ... of an optimiser. Made from a number, which is then used at every
/// step, or from a function of the step:
///
///     optim::Schedule decaying = [](std::size_t step) { return 0.1 / (1 + 1e-3 * double(step)); };
class XGRAD_API Schedule {
 public:
  /// The same number at every step.
  template <Number S>
  Schedule(S value) : value_(static_cast<double>(value)) {}

  /// What a function gives, which is asked again whenever the value is needed: it should depend on the step
  /// alone. Throws ValueError for an empty std::function or a null pointer.
  template <class F>
    requires(!std::same_as<std::remove_cvref_t<F>, Schedule> && !Number<F> &&
             std::is_invocable_r_v<double, std::decay_t<F>&, std::size_t> &&
             std::copy_constructible<std::decay_t<F>>)
  Schedule(F&& function) : function_(std::forward<F>(function)) {
    check_function();
    constant_ = false;
  }

  /// The value at a step, counted from 0.
  double operator()(std::size_t step) const { return constant_ ? value_ : function_(step); }

  /// Whether it was made from a number.
  bool is_constant() const noexcept { return constant_; }

 private:
  void check_function() const;

  std::function<double(std::size_t)> function_;
  double value_ = 0;
  bool constant_ = true;
};

/// The momentum schedule of figure 4 of the note (Sutskever et al., 2013, equation 5):
///
///     mu_t = min(1 - 2^(-1 - log2(floor(t / 250) + 1)), mu_max)
///
/// that is 1/2 for 250 steps, then 3/4, 5/6, 7/8, ... for 250 steps each, until mu_max is reached. Throws
/// ValueError where mu_max is not in [0, 1].
XGRAD_API Schedule increasing_momentum(double mu_max);

/// A value that is divided by `factor` (section 4 of the note: "say, divided by 10") at each milestone:
/// initial / factor^k at step t, where k milestones are <= t. Throws ValueError where the initial value is
/// not finite, the milestones do not increase, or the factor is not a finite number >= 1.
XGRAD_API Schedule step_decay(double initial, std::vector<std::size_t> milestones, double factor = 10);

/// A value that is divided by `factor` every `period` steps: initial / factor^floor(t / period) at step t.
/// Throws ValueError where the initial value is not finite, the period is 0, or the factor is not a finite
/// number >= 1.
XGRAD_API Schedule periodic_decay(double initial, std::size_t period, double factor = 10);

}  // namespace xgrad::optim
