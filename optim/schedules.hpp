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

// ---- Learning rates ----
//
// Those that fall to a value keep it from there on.

/// A value that is divided by `factor` (section 4 of the note: "say, divided by 10") at each milestone:
/// initial / factor^k at step t, where k milestones are <= t. Throws ValueError where the initial value is
/// not finite, the milestones do not increase, or the factor is not a finite number >= 1.
XGRAD_API Schedule step_decay(double initial, std::vector<std::size_t> milestones, double factor = 10);

/// A value that is divided by `factor` every `period` steps: initial / factor^floor(t / period) at step t.
/// Throws ValueError where the initial value is not finite, the period is 0, or the factor is not a finite
/// number >= 1.
XGRAD_API Schedule periodic_decay(double initial, std::size_t period, double factor = 10);

/// initial * gamma^(t / period): PyTorch's ExponentialLR for a period of 1 step. Throws ValueError where the
/// initial value is not finite, gamma is not in (0, 1], or the period is 0.
XGRAD_API Schedule exponential_decay(double initial, double gamma, std::size_t period = 1);

/// initial / (1 + rate t / period) (Robbins and Monro's condition holds for it). Throws ValueError where the
/// initial value is not finite, the rate is negative or not finite, or the period is 0.
XGRAD_API Schedule inverse_time_decay(double initial, double rate, std::size_t period = 1);

/// end + (initial - end) (1 - t / steps)^power, and `end` after `steps`. Throws ValueError where a value is
/// not finite, the power is not a finite number > 0, or there are 0 steps.
XGRAD_API Schedule polynomial_decay(double initial, std::size_t steps, double end = 0, double power = 1);

/// A straight line from `initial` to `end`: polynomial_decay of power 1.
XGRAD_API Schedule linear_decay(double initial, std::size_t steps, double end = 0);

/// end + (initial - end) (1 + cos(pi t / steps)) / 2, and `end` after `steps` (Loshchilov and Hutter, SGDR,
/// 2017, equation 5, without restarts). Throws ValueError where a value is not finite, or there are 0 steps.
XGRAD_API Schedule cosine_decay(double initial, std::size_t steps, double end = 0);

/// How one_cycle goes; the names of PyTorch's OneCycleLR stand beside.
struct OneCycleOptions {
  double rise = 0.3;          ///< in (0, 1): the share of the steps in which the value rises (pct_start)
  double start_divisor = 25;  ///< >= 1: it starts at maximum / start_divisor (div_factor)
  double end_divisor = 25e4;  ///< >= 1: it ends at maximum / end_divisor (div_factor * final_div_factor)
};

/// The one-cycle policy (Smith and Topin, Super-convergence, 2018): the value rises from maximum /
/// start_divisor to the maximum, then falls to maximum / end_divisor, both along half a cosine, and stays
/// there. The maximum is at step rise * steps - 1, as PyTorch has it, so that a rise of one step or less
/// starts at the maximum or just past it. Throws ValueError where an option is out of its range, the maximum
/// is not finite, or there are fewer than 2 steps.
XGRAD_API Schedule one_cycle(double maximum, std::size_t steps, const OneCycleOptions& options = {});

/// The momentum that belongs to one_cycle: it falls from `high` to `low` while the rate rises, and rises
/// again while that falls. Throws ValueError where a value is not in [0, 1], or as one_cycle does.
XGRAD_API Schedule one_cycle_momentum(double low, double high, std::size_t steps, double rise = 0.3);

// ---- Momentum coefficients ----

/// The momentum schedule of figure 4 of the note (Sutskever et al., 2013, equation 5):
///
///     mu_t = min(1 - 2^(-1 - log2(floor(t / 250) + 1)), mu_max)
///
/// that is 1/2 for 250 steps, then 3/4, 5/6, 7/8, ... for 250 steps each, until mu_max is reached. Throws
/// ValueError where mu_max is not in [0, 1].
XGRAD_API Schedule increasing_momentum(double mu_max);

/// When and to what the momentum drops.
struct MomentumDropOptions {
  std::size_t steps;        ///< of the whole training
  std::size_t last = 1000;  ///< how many of them, at the end, use `momentum`
  double momentum = 0.9;    ///< in [0, 1]
};

/// The same with a drop for the last steps, which leads to the minimum's bottom (Sutskever et al., 2013,
/// section 3: "mu is reduced to 0.9 for the last 1000 parameter updates"):
///
///     optim::increasing_momentum(0.99, {.steps = 20'000})
///
/// Throws ValueError where a momentum is not in [0, 1], or there are fewer steps than last ones.
XGRAD_API Schedule increasing_momentum(double mu_max, const MomentumDropOptions& drop);

// ---- Schedules of schedules ----

/// Rises along a straight line from `start` to the schedule's first value within `steps`, then follows the
/// schedule, whose steps count from there. Throws ValueError where `start` is not finite.
XGRAD_API Schedule warm_up(std::size_t steps, const Schedule& schedule, double start = 0);

/// One schedule after the other, the next from each milestone on (PyTorch's SequentialLR, optax'
/// join_schedules); the steps of each count from its own first. Throws ValueError where there are not one
/// more schedules than milestones, or these do not increase.
XGRAD_API Schedule join_schedules(std::vector<Schedule> schedules, std::vector<std::size_t> milestones);

/// The schedule times a number.
XGRAD_API Schedule operator*(double factor, const Schedule& schedule);

}  // namespace xgrad::optim
