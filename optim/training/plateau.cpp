#include <autodiff/error.hpp>
#include <optim/training/plateau.hpp>
#include <optim/training/state_reader.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad::optim {

ReduceOnPlateau::ReduceOnPlateau(const ReduceOnPlateauOptions& options) : options_(options) {
  const auto check = [](bool right, const char* option, auto value, const char* expected) {
    if (!right)
      throw ValueError(
          fmt::format("ReduceOnPlateau: expected {0} to be {2}, got {1}", option, value, expected));
  };
  check(std::isfinite(options.factor) && options.factor > 1, "factor", options.factor, "a finite number > 1");
  if (options.absolute_threshold) {
    check(options.threshold >= 0 && std::isfinite(options.threshold), "threshold", options.threshold,
          "a finite number >= 0");
  } else {
    check(options.threshold >= 0 && options.threshold < 1, "threshold", options.threshold,
          "a number in [0, 1)");
  }
  check(options.min_scale >= 0 && std::isfinite(options.min_scale), "min_scale", options.min_scale,
        "a finite number >= 0");
}

bool ReduceOnPlateau::is_saturated(double value) {
  const bool is_first = best_ == std::numeric_limits<double>::infinity();
  const double limit = options_.absolute_threshold ? best_ - options_.threshold
                                                   : best_ * (1 - std::copysign(options_.threshold, best_));
  if (value < (is_first ? best_ : limit)) {
    best_ = value;
    waited_ = 0;
    cooling_ -= std::min<std::size_t>(cooling_, 1);
    return false;
  }
  if (cooling_ > 0) {
    --cooling_;
    return false;
  }
  if (++waited_ <= options_.patience) return false;
  waited_ = 0;
  cooling_ = options_.cooldown;
  return true;
}

double ReduceOnPlateau::reduced(double scale) const {
  return std::min(scale, std::max(scale / options_.factor, options_.min_scale));
}

nn::StateDict ReduceOnPlateau::state_dict() const {
  return {{},
          {{"best", fmt::format("{}", best_)},
           {"waited", std::to_string(waited_)},
           {"cooling", std::to_string(cooling_)}}};
}

void ReduceOnPlateau::load_state_dict(const nn::StateDict& state) {
  std::vector<std::string> differences;
  const detail::StateReader reader(state, differences);
  const double best = reader.number<double>("best");
  const auto waited = reader.number<std::size_t>("waited");
  const auto cooling = reader.number<std::size_t>("cooling");
  detail::throw_differences("ReduceOnPlateau", differences);
  best_ = best, waited_ = waited, cooling_ = cooling;
}

}  // namespace xgrad::optim
