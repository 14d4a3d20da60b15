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
/// Choosing the learning rate: "a parameter of critical importance" (section 4 of the note).

namespace xgrad::optim {

/// How find_learning_rate goes.
struct LearningRateFinderOptions {
  double low = 1e-6;        ///< > 0: the first rate
  double high = 10;         ///< > low: the last
  std::size_t steps = 100;  ///< >= 2
  double smoothing = 0.9;   ///< in [0, 1): of the losses
  double divergence = 4;    ///< > 1: it ends where the smoothed loss is so many times the least
};

/// What find_learning_rate found.
struct LearningRateCurve {
  std::vector<double> rates;
  std::vector<double> losses;  ///< smoothed, of the batch before the step with that rate
  double suggestion = 0;       ///< where the loss falls fastest with the rate's logarithm
};

/// How select_learning_rate trains.
struct LearningRateSelectionOptions {
  std::size_t folds = 5;
  std::size_t epochs = 1;
  std::size_t batch = 64;
  double momentum = 0.9;
  std::uint64_t seed = 0;  ///< of folds, weights, orders
};

/// How a learning rate did on the folds that were held out.
struct LearningRateScore {
  double rate = 0;
  double error =
      0;  ///< the mean zero-one risk, or the loss where there are no classes; infinite if it diverged
  double deviation = 0;  ///< of the folds
  double loss = 0;       ///< the mean loss
};

/// What select_learning_rate found.
struct LearningRateSelection {
  double best = 0;  ///< the rate of the least error, of equals that of the least loss
  std::vector<LearningRateScore> scores;
};

namespace detail {

XGRAD_API void check_finder(const LearningRateFinderOptions& options);
XGRAD_API void check_rates(const std::vector<double>& rates);

/// Runs the range test; `step` takes a step with this rate and returns the loss before it.
XGRAD_API LearningRateCurve range_test(const LearningRateFinderOptions& options,
                                       const std::function<double(double rate)>& step);

/// Adds up the folds of each rate; `run` trains and returns error and loss.
XGRAD_API LearningRateSelection
cross_validate(const std::vector<double>& rates, std::size_t folds,
               const std::function<nn::Evaluation(double rate, std::size_t fold)>& run);

}  // namespace detail

/// The range test (Smith, Cyclical learning rates for training neural networks, 2017): batch by batch a step
/// with a rate that grows from `low` to `high` in equal ratios, until the loss diverges. Network, optimiser,
/// loader and default generator are as before afterwards, to the last bit. Throws ValueError where an option
/// is out of its range.
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

/// The initial learning rate by k-fold cross-validation, as section 4 of the note says: for each rate and
/// each fold a network, made by `make_net`, is trained on the other folds by SGD, and evaluated on the fold.
/// All start from the same weights. Returns the rate with the least error, and the table. The default
/// generator is as before afterwards. Throws ValueError for rates that are not numbers > 0, and as k_fold
/// does.
///
///     const auto chosen = optim::select_learning_rate([] { return Net(); }, data, {0.001, 0.01, 0.1},
///     {.folds = 3});
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
    } catch (const Error&) {  // it diverged
      const double infinity = std::numeric_limits<double>::infinity();
      return nn::Evaluation{infinity, infinity};
    }
  };
  const auto selection = detail::cross_validate(rates, folds.size(), run);
  default_generator() = generator;
  return selection;
}

}  // namespace xgrad::optim
