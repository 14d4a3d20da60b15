#include <autodiff/error.hpp>
#include <optim/schedules.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace xgrad::optim {
namespace {

void check_decay(const char* function, double initial, double factor) {
  if (!std::isfinite(initial)) {
    throw ValueError(
        fmt::format("{}: an initial value of {} came, expected a finite number", function, initial));
  }
  if (!std::isfinite(factor) || factor < 1) {
    throw ValueError(
        fmt::format("{}: a factor of {} came, expected a finite number >= 1, by which the value is divided",
                    function, factor));
  }
}

}  // namespace

void Schedule::check_function() const {
  if (!function_) throw ValueError("Schedule: an empty function came, expected one that takes the step");
}

Schedule increasing_momentum(double mu_max) {
  if (!(mu_max >= 0 && mu_max <= 1)) {
    throw ValueError(
        fmt::format("increasing_momentum: a maximum of {} came, expected a number in [0, 1]", mu_max));
  }
  return [mu_max](std::size_t step) {
    // 2^(-1 - log2(n)) = 1 / (2 n), without the rounding of the logarithm
    const auto n = static_cast<double>(step / 250 + 1);
    return std::min(1 - 1 / (2 * n), mu_max);
  };
}

Schedule step_decay(double initial, std::vector<std::size_t> milestones, double factor) {
  check_decay("step_decay", initial, factor);
  if (std::adjacent_find(milestones.begin(), milestones.end(), std::greater_equal<>()) != milestones.end()) {
    throw ValueError(fmt::format("step_decay: the milestones {{{}}} came, expected increasing steps",
                                 fmt::join(milestones, ", ")));
  }
  return [initial, milestones = std::move(milestones), factor](std::size_t step) {
    const auto passed = std::upper_bound(milestones.begin(), milestones.end(), step) - milestones.begin();
    return initial / std::pow(factor, static_cast<double>(passed));
  };
}

Schedule periodic_decay(double initial, std::size_t period, double factor) {
  check_decay("periodic_decay", initial, factor);
  if (period == 0) throw ValueError("periodic_decay: a period of 0 steps came, expected at least 1");
  return [initial, period, factor](std::size_t step) {
    return initial / std::pow(factor, static_cast<double>(step / period));
  };
}

}  // namespace xgrad::optim
