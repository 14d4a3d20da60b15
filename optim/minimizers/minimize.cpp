#include <autodiff/error.hpp>
#include <optim/minimizers/line_search.hpp>
#include <optim/minimizers/minimize.hpp>
#include <optim/minimizers/vectors.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <vector>

namespace xgrad::optim {

std::string to_string(Stop stop) {
  switch (stop) {
    case Stop::gradient_norm:
      return "the gradient is small";
    case Stop::step_size:
      return "the steps are small";
    case Stop::decrease:
      return "the value hardly decreases";
    case Stop::iterations:
      return "all iterations were used";
    case Stop::evaluations:
      return "all evaluations were used";
    case Stop::callback:
      return "the callback stopped it";
    case Stop::no_progress:
      return "no step decreases the value";
    case Stop::not_finite:
      return "the value is no longer finite";
  }
  return "";
}

namespace detail {
namespace {

void check(const MinimizeOptions& options) {
  const auto refuse = [](bool wrong, const char* option, double value, const char* expected) {
    if (wrong)
      throw ValueError(fmt::format("minimize: expected {0} to be {2}, got {1}", option, value, expected));
  };
  const auto not_negative = [&](const char* option, double value) {
    refuse(!(value >= 0), option, value, "a number >= 0");
  };
  not_negative("gradient_norm", options.gradient_norm);
  not_negative("step_size", options.step_size);
  not_negative("decrease", options.decrease);
  refuse(options.memory == 0, "memory", 0, "at least 1");
  refuse(!(std::isfinite(options.learning_rate) && options.learning_rate > 0), "learning_rate",
         options.learning_rate, "a finite number > 0");
  refuse(!(options.momentum >= 0 && options.momentum < 1), "momentum", options.momentum,
         "a number in [0, 1)");
}

/// A point with its value and gradient.
template <class T>
struct Evaluated {
  Array<T> w;
  Array<T> gradient;
  double value = 0;
};

/// The last steps s = w_(t+1) - w_t and gradient changes y, from which L-BFGS approximates the curvature.
template <class T>
class Curvature {
 public:
  explicit Curvature(std::size_t memory) : memory_(memory) {}

  void add(Array<T> s, Array<T> y) {
    const double sy = dot(s, y);
    if (!(sy > 1e-14 * norm(s) * norm(y))) return;  // only pairs with positive curvature are stored
    if (pairs_.size() == memory_) pairs_.pop_front();
    pairs_.push_back({std::move(s), std::move(y), 1 / sy});
  }

  void clear() { pairs_.clear(); }
  bool is_empty() const { return pairs_.empty(); }

  /// -H g by the two-loop recursion (Nocedal and Wright, algorithm 9.1), with the initial H = gamma I,
  /// gamma = s y / (y y).
  Array<T> direction(const Array<T>& gradient) const {
    Array<T> q = gradient;
    std::vector<double> alpha(pairs_.size());
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = pairs_[i].rho * dot(pairs_[i].s, q);
      q = plus(std::move(q), -alpha[i], pairs_[i].y);
    }
    const double gamma = is_empty() ? 1 : 1 / (pairs_.back().rho * dot(pairs_.back().y, pairs_.back().y));
    q = times(gamma, std::move(q));
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const double beta = pairs_[i].rho * dot(pairs_[i].y, q);
      q = plus(std::move(q), alpha[i] - beta, pairs_[i].s);
    }
    return times(-1, std::move(q));
  }

 private:
  struct Pair {
    Array<T> s, y;
    double rho;
  };
  std::size_t memory_;
  std::deque<Pair> pairs_;
};

template <class T>
class Minimizer {
 public:
  Minimizer(const Objective<T>& objective, Array<T> w0, const MinimizeOptions& options)
      : objective_(objective), options_(options), curvature_(options.memory) {
    now_ = evaluate(std::move(w0));
    if (!std::isfinite(now_.value) || !std::isfinite(norm(now_.gradient))) {
      throw ValueError(fmt::format(
          "minimize: expected a finite value and gradient at w0, got the value {} and the gradient norm {}",
          now_.value, norm(now_.gradient)));
    }
  }

  Minimum<T> run() {
    best_ = now_;
    Stop stop = Stop::gradient_norm;
    std::size_t t = 0;
    if (!(options_.gradient_norm > 0 && norm(now_.gradient) <= options_.gradient_norm)) {
      stop = Stop::iterations;
      while (t < options_.iterations) {
        if (const auto reason = iterate(++t)) {
          stop = *reason;
          break;
        }
      }
    }
    return {best_.w, best_.value, norm(best_.gradient), t, evaluations_, stop};
  }

 private:
  Evaluated<T> evaluate(Array<T> w) {
    ++evaluations_;
    Evaluated<T> point{std::move(w), {}, 0};
    point.value = objective_(point.w, point.gradient);
    return point;
  }

  /// Moves to the next point; returns the reason if a stopping criterion is met.
  std::optional<Stop> iterate(std::size_t t) {
    if (evaluations_ >= options_.evaluations) return Stop::evaluations;
    Evaluated<T> next;
    if (options_.method == Method::lbfgs) {
      if (!search(next)) return Stop::no_progress;
    } else {
      descend(next);
      if (!std::isfinite(next.value)) return Stop::not_finite;
    }
    Array<T> step = plus(next.w, -1, now_.w);
    const Iteration iteration{t, next.value, norm(next.gradient), norm(step)};
    const double decrease = std::abs(now_.value - next.value);
    curvature_.add(std::move(step), plus(next.gradient, -1, now_.gradient));
    now_ = std::move(next);
    if (now_.value <= best_.value) best_ = now_;
    if (options_.callback && options_.callback(iteration)) return Stop::callback;
    if (options_.gradient_norm > 0 && iteration.gradient_norm <= options_.gradient_norm)
      return Stop::gradient_norm;
    if (options_.step_size > 0 && iteration.step_size <= options_.step_size) return Stop::step_size;
    if (options_.decrease > 0 && decrease <= options_.decrease) return Stop::decrease;
    return std::nullopt;
  }

  /// A step of the momentum method (section 4 of the note).
  void descend(Evaluated<T>& next) {
    if (velocity_.size() != now_.w.size()) velocity_ = full<T>(now_.w.shape(), T(0));
    velocity_ = plus(times(options_.momentum, std::move(velocity_)), -options_.learning_rate, now_.gradient);
    next = evaluate(plus(now_.w, 1, velocity_));
  }

  /// A step of L-BFGS; if the line search along its direction fails, one of steepest descent.
  bool search(Evaluated<T>& next) {
    const bool remembered = !curvature_.is_empty();
    if (search_along(curvature_.direction(now_.gradient), remembered, next)) return true;
    if (!remembered) return false;
    curvature_.clear();
    return search_along(curvature_.direction(now_.gradient), false, next);
  }

  bool search_along(const Array<T>& direction, bool is_scaled, Evaluated<T>& next) {
    const double slope = dot(now_.gradient, direction);
    if (!(slope < 0)) return false;
    const auto phi = [&](double at) {
      next = evaluate(plus(now_.w, at, direction));
      return LinePoint{at, next.value, dot(next.gradient, direction)};
    };
    // Without curvature pairs the step has no scale: limit its length to 1.
    const double first = is_scaled ? 1 : std::min(1.0, 1 / norm(now_.gradient));
    const std::size_t left = options_.evaluations - std::min(options_.evaluations, evaluations_);
    return find_step(phi, {0, now_.value, slope}, first, std::min<std::size_t>(left, 40)) > 0;
  }

  const Objective<T>& objective_;
  const MinimizeOptions& options_;
  Curvature<T> curvature_;
  Evaluated<T> now_, best_;
  Array<T> velocity_;
  std::size_t evaluations_ = 0;
};

}  // namespace

template <class T>
Minimum<T> minimize(const Objective<T>& objective, Array<T> w0, const MinimizeOptions& options) {
  check(options);
  return Minimizer<T>(objective, std::move(w0), options).run();
}

namespace {

template <class T, class Get>
Array<T> flatten(const std::vector<nn::NamedParameter<T>>& parameters, const Get& get) {
  std::size_t size = 0;
  for (const auto& each : parameters) size += each.parameter.size();
  Array<T> flat(Shape{size});
  T* to = flat.data();
  for (const auto& each : parameters) to = std::copy_n(get(each.parameter).data(), each.parameter.size(), to);
  return flat;
}

}  // namespace

template <class T>
Array<T> flat_values(const std::vector<nn::NamedParameter<T>>& parameters) {
  return flatten(parameters, [](const auto& parameter) -> const Array<T>& { return parameter.value(); });
}

template <class T>
Array<T> flat_gradients(const std::vector<nn::NamedParameter<T>>& parameters) {
  Array<T> flat =
      flatten(parameters, [](const auto& parameter) -> const Array<T>& { return parameter.grad(); });
  for (auto each : parameters) each.parameter.clear_grad();
  return flat;
}

template <class T>
void set_flat_values(const std::vector<nn::NamedParameter<T>>& parameters, const Array<T>& values) {
  const T* from = values.data();
  for (auto each : parameters) {
    Array<T> value(each.parameter.shape());
    std::copy_n(from, value.size(), value.data());
    from += value.size();
    each.parameter.set_value(std::move(value));
  }
}

#define XGRAD_INSTANTIATE(T)                                                              \
  template Minimum<T> minimize<T>(const Objective<T>&, Array<T>, const MinimizeOptions&); \
  template Array<T> flat_values<T>(const std::vector<nn::NamedParameter<T>>&);            \
  template Array<T> flat_gradients<T>(const std::vector<nn::NamedParameter<T>>&);         \
  template void set_flat_values<T>(const std::vector<nn::NamedParameter<T>>&, const Array<T>&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace detail
}  // namespace xgrad::optim
