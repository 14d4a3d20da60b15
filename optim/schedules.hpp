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
/// Schedules: learning rates and momentum coefficients as functions of the step.

namespace xgrad::optim {

/// A value for each step t = 0, 1, 2, ... of an optimiser. It is constructed from a number, used at every
/// step, or from a function of the step:
///
///     optim::Schedule decaying = [](std::size_t step) { return 0.1 / (1 + 1e-3 * double(step)); };
class XGRAD_API Schedule {
 public:
  /// A constant schedule.
  template <Number S>
  Schedule(S value) : value_(static_cast<double>(value)) {}

  /// A schedule that calls `function(step)`. The function is called whenever the value is needed, so it
  /// should depend on the step alone. Throws ValueError for an empty std::function or a null pointer.
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

  /// Whether it was constructed from a number.
  bool is_constant() const noexcept { return constant_; }

 private:
  void check_function() const;

  std::function<double(std::size_t)> function_;
  double value_ = 0;
  bool constant_ = true;
};

// ---- Learning rates ----
//
// A schedule with a final value stays at it after its last step.

/// Divides the value by `factor` (section 4 of the note: "say, divided by 10") at each milestone:
/// initial / factor^k at step t, where k is the number of milestones <= t. Throws ValueError if the initial
/// value or the factor is not finite, the milestones are not strictly increasing, or the factor is < 1.
XGRAD_API Schedule step_decay(double initial, std::vector<std::size_t> milestones, double factor = 10);

/// Divides the value by `factor` every `period` steps: initial / factor^floor(t / period) at step t. Throws
/// ValueError if the initial value is not finite, the period is 0, or the factor is not a finite number >= 1.
XGRAD_API Schedule periodic_decay(double initial, std::size_t period, double factor = 10);

/// initial * gamma^(t / period); with a period of 1 this is PyTorch's ExponentialLR. Throws ValueError if the
/// initial value is not finite, gamma is not in (0, 1], or the period is 0.
XGRAD_API Schedule exponential_decay(double initial, double gamma, std::size_t period = 1);

/// initial / (1 + rate t / period), which satisfies the Robbins-Monro conditions. Throws ValueError if the
/// initial value is not finite, the rate is negative or not finite, or the period is 0.
XGRAD_API Schedule inverse_time_decay(double initial, double rate, std::size_t period = 1);

/// end + (initial - end) (1 - t / steps)^power, and `end` after `steps`. Throws ValueError if `initial` or
/// `end` is not finite, the power is not a finite number > 0, or `steps` is 0.
XGRAD_API Schedule polynomial_decay(double initial, std::size_t steps, double end = 0, double power = 1);

/// Decays linearly from `initial` to `end` in `steps`: polynomial_decay with power 1.
XGRAD_API Schedule linear_decay(double initial, std::size_t steps, double end = 0);

/// end + (initial - end) (1 + cos(pi t / steps)) / 2, and `end` after `steps` (Loshchilov and Hutter, SGDR,
/// 2017, equation 5, without restarts). Throws ValueError if `initial` or `end` is not finite or `steps` is
/// 0.
XGRAD_API Schedule cosine_decay(double initial, std::size_t steps, double end = 0);

/// Options for one_cycle; the names in parentheses are those of PyTorch's OneCycleLR.
struct OneCycleOptions {
  double rise = 0.3;          ///< in (0, 1): fraction of the steps in which the value rises (pct_start)
  double start_divisor = 25;  ///< >= 1: the initial value is maximum / start_divisor (div_factor)
  double end_divisor = 25e4;  ///< >= 1: the last one is maximum / end_divisor (div_factor * final_div_factor)
};

/// The one-cycle policy (Smith and Topin, Super-convergence, 2018): the value rises from maximum /
/// start_divisor to the maximum, then falls to maximum / end_divisor at the last step, each along half a
/// cosine, and stays there. The maximum is at step rise * steps - 1, as in PyTorch; if rise * steps <= 1,
/// the schedule starts at the maximum or just past it. Throws ValueError if an option is out of range, the
/// maximum is not finite, or `steps` is less than 2.
XGRAD_API Schedule one_cycle(double maximum, std::size_t steps, const OneCycleOptions& options = {});

/// The momentum schedule to use with one_cycle: falls from `high` to `low` while the learning rate rises, and
/// rises to `high` again while it falls. Throws ValueError if `low` or `high` is not in [0, 1], `rise` is not
/// in (0, 1), or `steps` is less than 2.
XGRAD_API Schedule one_cycle_momentum(double low, double high, std::size_t steps, double rise = 0.3);

// ---- Momentum coefficients ----

/// The momentum schedule of figure 4 of the note (Sutskever et al., 2013, equation 5):
///
///     mu_t = min(1 - 2^(-1 - log2(floor(t / 250) + 1)), mu_max)
///
/// that is 1/2 for 250 steps, then 3/4, 5/6, 7/8, ... for 250 steps each, until mu_max is reached. Throws
/// ValueError if mu_max is not in [0, 1].
XGRAD_API Schedule increasing_momentum(double mu_max);

/// Options for the drop of increasing_momentum.
struct MomentumDropOptions {
  std::size_t steps;        ///< number of steps of the whole training
  std::size_t last = 1000;  ///< number of steps at the end that use `momentum`
  double momentum = 0.9;    ///< in [0, 1]
};

/// increasing_momentum(mu_max) with a lower momentum in the last steps, for a finer convergence to the
/// minimum (Sutskever et al., 2013, section 3: "mu is reduced to 0.9 for the last 1000 parameter updates"):
///
///     optim::increasing_momentum(0.99, {.steps = 20'000})
///
/// Throws ValueError if a momentum is not in [0, 1], or `steps` is less than `last`.
XGRAD_API Schedule increasing_momentum(double mu_max, const MomentumDropOptions& drop);

// ---- Combining schedules ----

/// Rises linearly from `start` to the schedule's first value within `steps`, then follows the schedule, whose
/// step 0 is the end of the warm-up. Throws ValueError if `start` is not finite.
XGRAD_API Schedule warm_up(std::size_t steps, const Schedule& schedule, double start = 0);

/// Concatenates schedules: each milestone is the first step of the next schedule, which counts its steps from
/// there (PyTorch's SequentialLR, optax' join_schedules). Throws ValueError unless there is exactly one more
/// schedule than milestones and the milestones are strictly increasing.
XGRAD_API Schedule join_schedules(std::vector<Schedule> schedules, std::vector<std::size_t> milestones);

/// The schedule with all values multiplied by `factor`.
XGRAD_API Schedule operator*(double factor, const Schedule& schedule);

}  // namespace xgrad::optim
