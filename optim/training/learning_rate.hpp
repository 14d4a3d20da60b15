#pragma once

#include <autodiff/config.hpp>
#include <autodiff/random.hpp>
#include <nn/data/splits.hpp>
#include <nn/evaluation.hpp>
#include <optim/sgd.hpp>
#include <optim/training/fit.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <type_traits>
#include <vector>

/// \file
/// Selection of the learning rate, "a parameter of critical importance" (section 4 of the note).

namespace xgrad::optim {

/// Options for find_learning_rate.
struct LearningRateFinderOptions {
  double low = 1e-6;        ///< > 0: first learning rate
  double high = 10;         ///< > low: last learning rate
  std::size_t steps = 100;  ///< >= 2: maximum number of steps
  double smoothing = 0.9;   ///< in [0, 1): decay rate of the running mean of losses
  double divergence = 4;    ///< > 1: stops if the smoothed loss exceeds this many times its minimum
};

/// The result of find_learning_rate.
struct LearningRateCurve {
  std::vector<double> rates;   ///< learning rates of the steps taken, in increasing order
  std::vector<double> losses;  ///< smoothed loss of the batch before the step with that rate
  double suggestion = 0;       ///< rate of steepest descent of the loss over the rate's logarithm
};

/// Options for select_learning_rate.
struct LearningRateSelectionOptions {
  std::size_t folds = 5;   ///< >= 2: number of folds, at most the number of samples
  std::size_t epochs = 1;  ///< >= 1: number of training epochs for each rate and fold
  std::size_t batch = 64;  ///< >= 1: number of samples in a batch
  double momentum = 0.9;   ///< mu of SGD, in [0, 1]
  std::uint64_t seed = 0;  ///< for the folds, the initial weights and the order of samples
};

/// The score of a learning rate on the held-out folds.
struct LearningRateScore {
  double rate = 0;       ///< the learning rate
  double error = 0;      ///< mean zero-one error, or mean loss without classes; infinite if training diverged
  double deviation = 0;  ///< standard deviation of the error over the folds
  double loss = 0;       ///< mean loss
};

/// The result of select_learning_rate.
struct LearningRateSelection {
  double best = 0;  ///< rate with the smallest error; among equal errors, the smallest loss
  std::vector<LearningRateScore> scores;  ///< of all rates, in the order in which they were passed
};

namespace detail {

XGRAD_API void check_finder(const LearningRateFinderOptions& options);
XGRAD_API void check_rates(const std::vector<double>& rates);

/// Runs the range test; `step` takes a step with the given rate and returns the loss before it.
XGRAD_API LearningRateCurve range_test(const LearningRateFinderOptions& options,
                                       const std::function<double(double rate)>& step);

/// Averages the folds for each rate; `run` trains on a fold and returns error and loss.
XGRAD_API LearningRateSelection
cross_validate(const std::vector<double>& rates, std::size_t folds,
               const std::function<nn::Evaluation(double rate, std::size_t fold)>& run);

}  // namespace detail

/// The learning rate range test (Smith, Cyclical learning rates for training neural networks, 2017): takes
/// one step per batch with a rate that grows geometrically from `low` to `high`, until the loss diverges. The
/// states of network, optimiser, loader and default generator are restored afterwards, bit for bit. Throws
/// ValueError if an option is out of range.
///
///     const auto curve = optim::find_learning_rate(net, sgd, loader);
///     sgd.set_learning_rate(curve.suggestion);
template <class Net, class T, class X, class L, class Loss = nn::DefaultLoss>
LearningRateCurve find_learning_rate(Net& net, Optimizer<T>& optimizer, nn::DataLoader<X, L>& loader,
                                     const LearningRateFinderOptions& options = {}, const Loss& loss = {}) {
  detail::check_finder(options);
  nn::detail::check_some_batches("find_learning_rate", loader.samples(), loader.batches(),
                                 loader.batch_size());
  const nn::StateDict weights = nn::state_dict(net), state = optimizer.state_dict(),
                      place = loader.state_dict();
  const Schedule schedule = optimizer.learning_rate_schedule();
  const Generator generator = default_generator();
  const nn::TrainingMode mode(net);
  auto next = loader.begin();
  optimizer.set_learning_rate_scale(1);
  const auto curve = detail::range_test(options, [&](double rate) {
    if (next == loader.end()) next = loader.begin();
    const nn::Batch<X, L> batch = *next;
    ++next;
    Tape tape;
    const Variable<T> value = loss(nn::detail::outputs_of<T>(net, batch.inputs), batch.targets);
    if (std::isfinite(static_cast<double>(value.item()))) {
      tape.backward(value);
      optimizer.set_learning_rate(rate);
      optimizer.step();
    }
    return static_cast<double>(value.item());
  });
  nn::load_state_dict(net, weights);
  optimizer.set_learning_rate(schedule);
  optimizer.load_state_dict(state);
  loader.load_state_dict(place);
  default_generator() = generator;
  return curve;
}

/// Selects the initial learning rate by k-fold cross-validation (section 4 of the note): for each rate and
/// each fold a network, constructed by `make_net`, is trained on the other folds by SGD and evaluated on the
/// fold. All networks start from the same weights. Returns the rate with the smallest error and the scores of
/// all rates. The default generator is restored afterwards. Throws ValueError if there are no rates or a rate
/// is not a finite number > 0, and as k_fold does.
///
///     const auto chosen = optim::select_learning_rate([] { return Net(); }, data, {0.001, 0.01, 0.1},
///                                                     {.folds = 3});
template <class MakeNet, nn::Dataset D, class Loss = nn::DefaultLoss>
LearningRateSelection select_learning_rate(const MakeNet& make_net, const D& data,
                                           const std::vector<double>& rates,
                                           const LearningRateSelectionOptions& options = {},
                                           const Loss& loss = {}) {
  using T = nn::detail::precision_t<std::invoke_result_t<const MakeNet&>>;
  using X = typename nn::detail::batch_types<D>::Input;
  using L = typename nn::detail::batch_types<D>::Target;
  detail::check_rates(rates);
  const auto folds = nn::k_fold(data.size(), options.folds, {.seed = options.seed});
  const Generator generator = default_generator();
  const auto run = [&](double rate, std::size_t fold) {
    const auto parts = nn::split(data, folds[fold]);
    seed(options.seed);
    auto net = make_net();
    nn::DataLoader<X, L> loader(parts.first, {.batch = options.batch, .seed = options.seed});
    SGD<T> sgd(nn::parameters(net), {.learning_rate = rate, .momentum = options.momentum});
    try {
      fit(net, sgd, loader, {.epochs = options.epochs, .loss = loss, .stop_on_interrupt = false});
      return nn::evaluate(net, parts.second, loss);
    } catch (const Error&) {  // training diverged
      const double infinity = std::numeric_limits<double>::infinity();
      return nn::Evaluation{infinity, infinity};
    }
  };
  const auto selection = detail::cross_validate(rates, folds.size(), run);
  default_generator() = generator;
  return selection;
}

}  // namespace xgrad::optim
