#include <autodiff/error.hpp>
#include <optim/training/learning_rate.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xgrad::optim::detail {

void check_finder(const LearningRateFinderOptions& options) {
  const auto refuse = [](bool wrong, const char* option, double value, const char* expected) {
    if (wrong)
      throw ValueError(
          fmt::format("find_learning_rate: expected {0} to be {2}, got {1}", option, value, expected));
  };
  refuse(!(options.low > 0 && std::isfinite(options.low)), "low", options.low, "a finite number > 0");
  refuse(!(options.high > options.low && std::isfinite(options.high)), "high", options.high,
         "a finite number > low");
  refuse(options.steps < 2, "steps", static_cast<double>(options.steps), "at least 2");
  refuse(!(options.smoothing >= 0 && options.smoothing < 1), "smoothing", options.smoothing,
         "a number in [0, 1)");
  refuse(!(options.divergence > 1), "divergence", options.divergence, "a number > 1");
}

void check_rates(const std::vector<double>& rates) {
  if (rates.empty()) throw ValueError("select_learning_rate: expected at least one rate, got none");
  for (const double rate : rates) {
    if (!(std::isfinite(rate) && rate > 0)) {
      throw ValueError(fmt::format("select_learning_rate: expected finite rates > 0, got {}", rate));
    }
  }
}

LearningRateCurve range_test(const LearningRateFinderOptions& options,
                             const std::function<double(double rate)>& step) {
  LearningRateCurve curve;
  double mean = 0, weight = 0;  // running mean of the losses, bias-corrected as Adam's moments
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < options.steps; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(options.steps - 1);
    const double rate = options.low * std::pow(options.high / options.low, share);
    const double loss = step(rate);
    if (!std::isfinite(loss)) break;
    mean = options.smoothing * mean + (1 - options.smoothing) * loss;
    weight = options.smoothing * weight + (1 - options.smoothing);
    const double smooth = mean / weight;
    least = std::min(least, smooth);
    curve.rates.push_back(rate);
    curve.losses.push_back(smooth);
    if (smooth > options.divergence * least && i > 0) break;
  }
  // The steepest descent, measured over several steps to average out the noise of single batches.
  const std::size_t reach = std::max<std::size_t>(1, options.steps / 20);
  curve.suggestion = curve.rates.empty() ? options.low : curve.rates.front();
  double steepest = 0;
  for (std::size_t i = reach; i + reach < curve.losses.size(); ++i) {
    const double fall = curve.losses[i - reach] - curve.losses[i + reach];
    if (fall > steepest) steepest = fall, curve.suggestion = curve.rates[i];
  }
  return curve;
}

LearningRateSelection cross_validate(
    const std::vector<double>& rates, std::size_t folds,
    const std::function<nn::Evaluation(double rate, std::size_t fold)>& run) {
  LearningRateSelection selection;
  for (const double rate : rates) {
    LearningRateScore score{.rate = rate};
    std::vector<double> errors;
    for (std::size_t fold = 0; fold < folds; ++fold) {
      const nn::Evaluation found = run(rate, fold);
      const double share = 1 / static_cast<double>(folds);
      errors.push_back(found.error.value_or(found.loss));
      score.error += share * errors.back();
      score.loss += share * found.loss;
    }
    double squares = 0;
    for (const double error : errors) squares += (error - score.error) * (error - score.error);
    score.deviation = std::sqrt(squares / static_cast<double>(folds));
    selection.scores.push_back(score);
  }
  const auto best = std::min_element(
      selection.scores.begin(), selection.scores.end(),
      [](const auto& a, const auto& b) { return std::pair(a.error, a.loss) < std::pair(b.error, b.loss); });
  selection.best = best->rate;
  return selection;
}

}  // namespace xgrad::optim::detail
