#include <autodiff/error.hpp>
#include <optim/schedules.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace xgrad::optim {
namespace {

void check_finite(const char* function, double value) {
  if (!std::isfinite(value)) {
    throw ValueError(fmt::format("{}: expected a finite value, got {}", function, value));
  }
}

void check_steps(const char* function, const char* what, std::size_t came, std::size_t least) {
  if (came < least) {
    throw ValueError(fmt::format("{0}: expected {1} >= {3}, got {2}", function, what, came, least));
  }
}

void check_momentum(const char* function, double momentum) {
  if (!(momentum >= 0 && momentum <= 1)) {
    throw ValueError(fmt::format("{}: expected a momentum in [0, 1], got {}", function, momentum));
  }
}

void check_milestones(const char* function, const std::vector<std::size_t>& milestones) {
  if (std::adjacent_find(milestones.begin(), milestones.end(), std::greater_equal<>()) != milestones.end()) {
    throw ValueError(
        fmt::format("{}: expected increasing milestones, got {{{}}}", function, fmt::join(milestones, ", ")));
  }
}

/// t / steps, at most 1.
double progress(std::size_t t, double steps) { return std::min(static_cast<double>(t) / steps, 1.0); }

/// Interpolates from `from` (way = 0) to `to` (way = 1) along half a cosine.
double along_cosine(double from, double to, double way) {
  return to + (from - to) * (1 + std::cos(std::numbers::pi * way)) / 2;
}

void check_decay(const char* function, double initial, double factor) {
  if (!std::isfinite(initial)) {
    throw ValueError(fmt::format("{}: expected a finite initial value, got {}", function, initial));
  }
  if (!std::isfinite(factor) || factor < 1) {
    throw ValueError(fmt::format("{}: expected a finite factor >= 1 to divide by, got {}", function, factor));
  }
}

}  // namespace

void Schedule::check_function() const {
  if (!function_) throw ValueError("Schedule: expected a function of the step, got an empty function");
}

Schedule increasing_momentum(double mu_max) {
  if (!(mu_max >= 0 && mu_max <= 1)) {
    throw ValueError(fmt::format("increasing_momentum: expected a maximum in [0, 1], got {}", mu_max));
  }
  return [mu_max](std::size_t step) {
    // 2^(-1 - log2(n)) = 1 / (2 n), which avoids the rounding of the logarithm
    const auto n = static_cast<double>(step / 250 + 1);
    return std::min(1 - 1 / (2 * n), mu_max);
  };
}

Schedule step_decay(double initial, std::vector<std::size_t> milestones, double factor) {
  check_decay("step_decay", initial, factor);
  check_milestones("step_decay", milestones);
  return [initial, milestones = std::move(milestones), factor](std::size_t step) {
    const auto passed = std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin();
    return initial / std::pow(factor, static_cast<double>(passed));
  };
}

Schedule periodic_decay(double initial, std::size_t period, double factor) {
  check_decay("periodic_decay", initial, factor);
  check_steps("periodic_decay", "period", period, 1);
  return [initial, period, factor](std::size_t step) {
    return initial / std::pow(factor, static_cast<double>(step / period));
  };
}

Schedule exponential_decay(double initial, double gamma, std::size_t period) {
  check_finite("exponential_decay", initial);
  if (!(gamma > 0 && gamma <= 1)) {
    throw ValueError(fmt::format("exponential_decay: expected gamma in (0, 1], got {}", gamma));
  }
  check_steps("exponential_decay", "period", period, 1);
  return [=](std::size_t t) {
    return initial * std::pow(gamma, static_cast<double>(t) / static_cast<double>(period));
  };
}

Schedule inverse_time_decay(double initial, double rate, std::size_t period) {
  check_finite("inverse_time_decay", initial);
  if (!(std::isfinite(rate) && rate >= 0)) {
    throw ValueError(fmt::format("inverse_time_decay: expected a finite rate >= 0, got {}", rate));
  }
  check_steps("inverse_time_decay", "period", period, 1);
  return [=](std::size_t t) {
    return initial / (1 + rate * static_cast<double>(t) / static_cast<double>(period));
  };
}

Schedule polynomial_decay(double initial, std::size_t steps, double end, double power) {
  check_finite("polynomial_decay", initial);
  check_finite("polynomial_decay", end);
  if (!(std::isfinite(power) && power > 0)) {
    throw ValueError(fmt::format("polynomial_decay: expected a finite power > 0, got {}", power));
  }
  check_steps("polynomial_decay", "steps", steps, 1);
  return [=](std::size_t t) {
    return end + (initial - end) * std::pow(1 - progress(t, static_cast<double>(steps)), power);
  };
}

Schedule linear_decay(double initial, std::size_t steps, double end) {
  return polynomial_decay(initial, steps, end, 1);
}

Schedule cosine_decay(double initial, std::size_t steps, double end) {
  check_finite("cosine_decay", initial);
  check_finite("cosine_decay", end);
  check_steps("cosine_decay", "steps", steps, 1);
  return [=](std::size_t t) { return along_cosine(initial, end, progress(t, static_cast<double>(steps))); };
}

namespace {

/// From `start` to `peak`, then to `end`, as PyTorch's OneCycleLR with cosine annealing: the peak is at step
/// rise * steps - 1, the end at the last step.
Schedule cycle(const char* function, double start, double peak, double end, std::size_t steps, double rise) {
  check_steps(function, "steps", steps, 2);
  if (!(rise > 0 && rise < 1)) {
    throw ValueError(fmt::format("{}: expected rise in (0, 1), got {}", function, rise));
  }
  const double rounded = rise * static_cast<double>(steps) - 1;
  const double whole = std::round(rounded);  // 0.07 * 100 is not exactly 7
  const double top = std::abs(rounded - whole) < 1e-9 * static_cast<double>(steps) ? whole : rounded;
  const double last = static_cast<double>(steps) - 1;
  return [=](std::size_t t) {
    const auto at = static_cast<double>(t);
    if (at == top) return peak;  // also if the peak is the first step, where at / top is undefined
    if (at < top) return along_cosine(start, peak, at / top);
    return along_cosine(peak, end, std::min((at - top) / (last - top), 1.0));
  };
}

}  // namespace

Schedule one_cycle(double maximum, std::size_t steps, const OneCycleOptions& options) {
  check_finite("one_cycle", maximum);
  for (const double divisor : {options.start_divisor, options.end_divisor}) {
    if (!(std::isfinite(divisor) && divisor >= 1)) {
      throw ValueError(fmt::format("one_cycle: expected finite divisors >= 1, got {}", divisor));
    }
  }
  return cycle("one_cycle", maximum / options.start_divisor, maximum, maximum / options.end_divisor, steps,
               options.rise);
}

Schedule one_cycle_momentum(double low, double high, std::size_t steps, double rise) {
  check_momentum("one_cycle_momentum", low);
  check_momentum("one_cycle_momentum", high);
  return cycle("one_cycle_momentum", high, low, high, steps, rise);
}

Schedule increasing_momentum(double mu_max, const MomentumDropOptions& drop) {
  check_momentum("increasing_momentum", drop.momentum);
  check_steps("increasing_momentum", "steps of the whole training", drop.steps, drop.last);
  if (drop.last == drop.steps) return drop.momentum;
  return join_schedules({increasing_momentum(mu_max), drop.momentum}, {drop.steps - drop.last});
}

Schedule warm_up(std::size_t steps, const Schedule& schedule, double start) {
  check_finite("warm_up", start);
  return [=](std::size_t t) {
    if (t >= steps) return schedule(t - steps);
    return start + (schedule(0) - start) * static_cast<double>(t) / static_cast<double>(steps);
  };
}

Schedule join_schedules(std::vector<Schedule> schedules, std::vector<std::size_t> milestones) {
  check_milestones("join_schedules", milestones);
  if (schedules.size() != milestones.size() + 1) {
    throw ValueError(fmt::format(
        "join_schedules: expected one more schedule than milestones, got {} schedules and {} milestones",
        schedules.size(), milestones.size()));
  }
  return [schedules = std::move(schedules), milestones = std::move(milestones)](std::size_t t) {
    const auto passed = std::upper_bound(milestones.begin(), milestones.end(), t) - milestones.begin();
    const auto i = static_cast<std::size_t>(passed);
    return schedules[i](i == 0 ? t : t - milestones[i - 1]);
  };
}

Schedule operator*(double factor, const Schedule& schedule) {
  if (schedule.is_constant()) return factor * schedule(0);
  return [=](std::size_t t) { return factor * schedule(t); };
}

}  // namespace xgrad::optim
