#include <autodiff/ops/joining.hpp>
#include <autodiff/ops/shape.hpp>
#include <autodiff/random.hpp>
#include <autodiff/tape.hpp>
#include <autodiff/transforms/grad.hpp>
#include <autodiff/transforms/gradcheck.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace xgrad::detail {
namespace {

using Inputs = std::vector<Variable<double>>;

/// A finite-difference derivative and its estimated error.
struct Numerical {
  double value = 0;
  double uncertainty = 0;
  bool smooth = true;
};

/// The results at x + h and x - h.
struct Step {
  double h;
  Array<double> above;
  Array<double> below;
};

/// Finite differences at one step of one combination of outputs, f = sum(cotangent * result).
struct Difference {
  double h;
  double central;   // (f(x + h) - f(x - h)) / 2h
  double gap;       // the forward difference minus the backward one
  double rounding;  // bound on the rounding error of either
};

Difference combine(const Step& step, const Array<double>& center, const Array<double>& cotangent) {
  constexpr double ulps = 10 * std::numeric_limits<double>::epsilon();
  Difference d{step.h, 0, 0, 0};
  for (std::size_t i = 0; i < center.size(); ++i) {
    const double above = step.above.data()[i];
    const double below = step.below.data()[i];
    const double middle = center.data()[i];
    const double weight = cotangent.data()[i];
    if (weight == 0 || (above == middle && below == middle))
      continue;  // does not depend on x, so no rounding error either
    d.central += weight * (above - below) / (2 * step.h);
    d.gap += weight * ((above - middle) - (middle - below)) / step.h;
    d.rounding +=
        std::abs(weight) * ulps * std::max({std::abs(above), std::abs(below), std::abs(middle)}) / step.h;
  }
  return d;
}

/// Whether the gap is halved when the step is halved, as for a smooth function.
bool shrinks(const Difference& wide, const Difference& narrow) {
  const double noise = 3 * (wide.rounding + 2 * narrow.rounding);
  return std::abs(wide.gap - 2 * narrow.gap) <= 0.3 * std::abs(wide.gap) + noise;
}

/// Extrapolates the derivative from differences at successively halved steps.
Numerical extrapolate(const std::vector<Difference>& d) {
  Numerical best{0, std::numeric_limits<double>::infinity(), true};
  const auto fourth_order = [&](std::size_t k) { return (4 * d[k + 1].central - d[k].central) / 3; };
  for (std::size_t k = 0; k + 2 < d.size(); ++k) {
    const double coarse = fourth_order(k);
    const double fine = fourth_order(k + 1);
    const double uncertainty = std::abs(fine - coarse) + d[k + 2].rounding;
    if (uncertainty < best.uncertainty) best = {fine + (fine - coarse) / 15, uncertainty, true};
  }
  const std::size_t last = d.size() - 1;
  best.smooth = shrinks(d[last - 1], d[last]) && shrinks(d[last - 2], d[last - 1]);
  return best;
}

/// One compared entry.
struct Entry {
  std::string place;
  double analytic;
  Numerical numerical;
  double tolerance;

  double error() const { return std::abs(analytic - numerical.value); }
  bool is_wrong() const { return numerical.smooth && !(error() <= tolerance); }
  double excess() const {
    return std::isfinite(error()) ? error() / tolerance : std::numeric_limits<double>::max();
  }
};

std::string index_text(std::size_t flat, const Shape& shape) {
  return fmt::format("[{}]", fmt::join(detail::index_of(flat, shape), ", "));
}

/// A message about the first entry that is NaN or infinite, if any; there is nothing to compare then.
std::optional<std::string> not_finite(const std::string& what, const Array<double>& numbers) {
  const auto found = std::find_if_not(numbers.storage().begin(), numbers.storage().end(),
                                      [](double each) { return std::isfinite(each); });
  if (found == numbers.storage().end()) return std::nullopt;
  const auto place = static_cast<std::size_t>(found - numbers.storage().begin());
  return fmt::format("{} is {} at {}; expected finite numbers", what,
                     std::isnan(*found) ? "nan"
                     : *found > 0       ? "inf"
                                        : "-inf",
                     index_text(place, numbers.shape()));
}

bool same_bits(const Array<double>& a, const Array<double>& b) {
  return a.shape() == b.shape() &&
         std::equal(a.data(), a.data() + a.size(), b.data(),
                    [](double p, double q) { return p == q || (std::isnan(p) && std::isnan(q)); });
}

class Check {
 public:
  Check(const GradCheckOptions& options, const CheckedFunction& f, const Inputs& inputs)
      : options_(options), f_(f), generator_(default_generator()) {
    for (const Variable<double>& input : inputs) inputs_.emplace_back(Array<double>(input.value()));
  }
  ~Check() { default_generator() = generator_; }
  Check(const Check&) = delete;
  Check& operator=(const Check&) = delete;

  GradCheck run() {
    center_ = evaluate();
    make_cotangents();
    auto failure = not_finite("the function's value", center_);
    if (!failure) failure = differentiate();
    for (std::size_t c = 0; !failure && c < gradients_.size(); ++c) {
      for (std::size_t i = 0; !failure && i < inputs_.size(); ++i) {
        failure = not_finite(fmt::format("the gradient with respect to input {}", i), gradients_[c][i]);
      }
    }
    if (failure) {
      GradCheck result;
      result.message = "gradcheck: " + *failure;
      return result;
    }
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      for (std::size_t j = 0; j < inputs_[i].size(); ++j) compare(i, j);
    }
    return report();
  }

 private:
  Inputs fresh_inputs() const {
    Inputs inputs;
    for (const Array<double>& value : inputs_) inputs.emplace_back(Array<double>(value));
    return inputs;
  }
  Array<double> evaluate() const {
    default_generator() = generator_;
    return f_(fresh_inputs()).value();
  }

  void make_cotangents() {
    if (options_.full_jacobian || center_.size() == 1) {
      for (std::size_t i = 0; i < center_.size(); ++i) {
        cotangents_.push_back(full<double>(center_.shape(), 0));
        cotangents_.back().data()[i] = 1;
      }
      return;
    }
    // Entries are at least 0.5 in magnitude, so that every output contributes.
    Generator generator(options_.seed);
    Array<double> cotangent = random_uniform<double>(center_.shape(), -1, 1, generator);
    for (double& entry : cotangent.storage()) entry += std::copysign(0.5, entry);
    cotangents_.push_back(std::move(cotangent));
  }

  /// Computes the tape's gradients for each cotangent. Returns a message if that fails.
  std::optional<std::string> differentiate() {
    std::vector<std::vector<Variable<double>>> first;
    for (int recording = 0; recording < 2; ++recording) {
      default_generator() = generator_;
      Tape tape;
      Inputs inputs = fresh_inputs();
      for (Variable<double>& input : inputs) input = as_input(input);
      const Variable<double> y = as_result(f_(inputs));
      if (!same_bits(y.value(), center_)) {
        return "the function is not deterministic: two evaluations with the same inputs and the same default "
               "generator differ";
      }
      for (std::size_t c = 0; c < cotangents_.size(); ++c) {
        const Variable<double> cotangent = Array<double>(cotangents_[c]);
        std::vector<Variable<double>> gradients;
        std::vector<Variable<double>> again;
        try {
          gradients = tape.gradient(y, inputs, cotangent);
          again = tape.gradient(y, inputs, cotangent);
        } catch (const ShapeError& error) {
          return error.what();
        }
        if (recording == 0) first.push_back(gradients);
        for (std::size_t i = 0; i < inputs.size(); ++i) {
          if (!same_bits(gradients[i].value(), again[i].value()) ||
              !same_bits(gradients[i].value(), first[c][i].value())) {
            return fmt::format(
                "the gradient with respect to input {} is not deterministic: two backward passes differ", i);
          }
        }
      }
    }
    for (const auto& gradients : first) {
      gradients_.emplace_back();
      for (const Variable<double>& gradient : gradients) gradients_.back().push_back(gradient.value());
    }
    return std::nullopt;
  }

  /// Evaluates the function around one entry of an input at successively halved steps, keeping finite
  /// results.
  std::vector<Step> take_steps(std::size_t input, std::size_t entry) {
    constexpr int enough = 14;
    constexpr int at_most = 44;
    double& x = inputs_[input].data()[entry];
    const double center = x;
    const auto all_finite = [&](const Array<double>& values) {
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values.data()[i]) && values.data()[i] != center_.data()[i]) return false;
      }
      return values.shape() == center_.shape();
    };
    std::vector<Step> steps;
    for (int k = 0; k < at_most && steps.size() < enough; ++k) {
      const double h =
          std::ldexp(std::max(1.0, std::exp2(std::ceil(std::log2(std::abs(center) + 1e-300)))), -6 - k);
      x = center + h;
      Array<double> above = evaluate();
      x = center - h;
      Array<double> below = evaluate();
      x = center;
      if (all_finite(above) && all_finite(below)) {
        steps.push_back({h, std::move(above), std::move(below)});
      } else if (k < 8) {
        steps.clear();
      }
    }
    return steps;
  }

  void compare(std::size_t input, std::size_t entry) {
    const std::vector<Step> steps = take_steps(input, entry);
    for (std::size_t c = 0; c < cotangents_.size(); ++c) {
      std::string place = fmt::format("input {} {}", input, index_text(entry, inputs_[input].shape()));
      if (options_.full_jacobian) place += fmt::format(", output {}", index_text(c, center_.shape()));
      Entry e{std::move(place), gradients_[c][input].data()[entry], {}, 0};
      if (steps.size() < 3) {
        e.numerical.smooth = false;  // NaN or infinite on at least one side
      } else {
        std::vector<Difference> differences;
        for (const Step& step : steps) differences.push_back(combine(step, center_, cotangents_[c]));
        e.numerical = extrapolate(differences);
      }
      const double size = std::max(std::abs(e.analytic), std::abs(e.numerical.value));
      e.tolerance =
          options_.relative * size + 3 * e.numerical.uncertainty + std::numeric_limits<double>::min();
      entries_.push_back(std::move(e));
    }
  }

  GradCheck report() {
    std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      const auto rank = [](const Entry& e) { return e.numerical.smooth ? e.excess() : -1.0; };
      return rank(a) > rank(b);
    });
    GradCheck result;
    result.entries = entries_.size();
    double largest = 0;
    for (const Entry& e : entries_) largest = std::max(largest, std::abs(e.analytic));
    for (const Entry& e : entries_) {
      const double size = std::max(std::abs(e.analytic), std::abs(e.numerical.value));
      result.wrong += e.is_wrong();
      result.non_smooth += !e.numerical.smooth;
      result.unresolved +=
          e.numerical.smooth && 3 * e.numerical.uncertainty > 5e-5 * size && size > 1e-6 * largest;
    }
    result.ok = result.wrong == 0;
    result.message = fmt::format("gradcheck: {} of {} entries are wrong, {} non-smooth, {} unresolved",
                                 result.wrong, result.entries, result.non_smooth, result.unresolved);
    if (result.ok) return result;
    for (const Entry& e : entries_) {
      result.message += fmt::format("\n  {}: analytic {:.10g}, numerical {:.10g}, ", e.place, e.analytic,
                                    e.numerical.value);
      if (e.numerical.smooth) {
        result.message += fmt::format("error {:.2g}{}", e.error(), e.is_wrong() ? " WRONG" : "");
      } else {
        result.message += "non-smooth";
      }
    }
    return result;
  }

  GradCheckOptions options_;
  const CheckedFunction& f_;
  Generator generator_;
  std::vector<Array<double>> inputs_;
  Array<double> center_;
  std::vector<Array<double>> cotangents_;
  std::vector<std::vector<Array<double>>> gradients_;  // indexed by cotangent, then input
  std::vector<Entry> entries_;
};

}  // namespace

GradCheck gradcheck(const GradCheckOptions& options, const CheckedFunction& f, const Inputs& inputs) {
  return Check(options, f, inputs).run();
}

GradCheck gradgradcheck(const GradCheckOptions& options, const CheckedFunction& f, const Inputs& inputs) {
  const Generator generator = default_generator();
  const Array<double> value = f(inputs).value();
  default_generator() = generator;
  if (const auto failure = not_finite("the function's value", value)) {
    GradCheck result;
    result.message = "gradgradcheck: " + *failure;
    return result;
  }

  Inputs all = inputs;
  Generator drawn(options.seed + 1);
  all.emplace_back(random_uniform<double>(value.shape(), 0.5, 1.5, drawn));
  const CheckedFunction gradients = [&](const Inputs& given) {
    Tape tape;
    Inputs xs(given.begin(), given.end() - 1);
    for (Variable<double>& x : xs) x = as_input(x);
    const Variable<double> y = as_result(f(xs));
    Inputs flat;
    for (const Variable<double>& g : tape.gradient(y, xs, given.back())) flat.push_back(xgrad::flatten(g, 0));
    return concatenate(flat);
  };
  GradCheck result = Check(options, gradients, all).run();
  result.message.replace(0, std::string("gradcheck").size(), "gradgradcheck");
  return result;
}

}  // namespace xgrad::detail
