#pragma once

#include <autodiff/config.hpp>
#include <autodiff/tape.hpp>
#include <nn/data/loader.hpp>
#include <nn/evaluation.hpp>
#include <nn/module.hpp>
#include <nn/saving/saving.hpp>
#include <optim/monitors/monitor.hpp>
#include <optim/optimizer.hpp>
#include <optim/training/details.hpp>
#include <optim/training/early_stopping.hpp>
#include <optim/training/plateau.hpp>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

/// \file
/// Training in one call.

namespace xgrad::optim {

/// How `fit` trains. T is the network's precision, L the type of the labels, X that of the samples: T, or
/// integers, such as tokens.
template <class T, class L, class X = T>
struct FitOptions {
  std::size_t epochs =
      10;  ///< at most, counted from the first of the run, also where it goes on from a checkpoint

  /// The loss of outputs and targets, a mean over the batch; by default nn::cross_entropy for classes (labels
  /// of an integer type), nn::quadratic_loss for numbers.
  std::function<Variable<T>(const Variable<T>&, const Array<L>&)> loss = nn::DefaultLoss{};

  nn::AnyDataset<X, L> validation =
      {};  ///< samples for validation after each epoch: `{images, labels}`, a Dataset

  /// Epochs without a better validation error (or loss, where there is none) after which training stops; the
  /// best weights are then put back, at any end. 0: no early stopping.
  std::size_t early_stopping = 0;

  /// Divides the learning rate when the validation loss (or that of training) saturates.
  std::optional<ReduceOnPlateauOptions> reduce_on_plateau = std::nullopt;

  /// A file with everything that is needed to go on, written after each epoch and when the run is
  /// interrupted.
  std::filesystem::path checkpoint = {};
  std::size_t checkpoint_every = 0;   ///< also after every so many steps; 0: no
  std::filesystem::path resume = {};  ///< go on from this checkpoint

  std::vector<Monitor*> monitors = {};                    ///< who watches
  std::function<bool(const BatchRecord&)> on_batch = {};  ///< called after each step; true stops

  /// Called after each epoch, before its checkpoint is written (which holds what this changes) and before the
  /// monitors are told; true stops.
  std::function<bool(const EpochRecord&)> on_epoch = {};
  bool stop_on_interrupt =
      true;  ///< Ctrl-C (SIGINT) and SIGTERM end the run in order, unless they are ignored

  std::string title = {};                                          ///< for the monitors
  std::vector<std::string> classes = {};                           ///< names of the classes, for the monitors
  std::vector<std::pair<std::string, std::string>> settings = {};  ///< names and values, for the monitors
};

namespace detail {

/// What the loop needs to know of the options, whatever the types.
struct FitSettings {
  std::size_t epochs;
  bool validates;
  std::size_t early_stopping;
  std::optional<ReduceOnPlateauOptions> reduce_on_plateau;
  std::filesystem::path checkpoint;
  std::size_t checkpoint_every;
  std::filesystem::path resume;
  std::vector<Monitor*> monitors;
  std::function<bool(const BatchRecord&)> on_batch;
  std::function<bool(const EpochRecord&)> on_epoch;
  bool stop_on_interrupt;
  RunInfo info;
};

/// One step of training.
struct StepResult {
  std::size_t samples;
  double loss;                  // the mean loss of the batch
  std::optional<double> wrong;  // decisions
};

/// What the loop needs of the network, the optimiser and the data, whatever their types.
struct FitTask {
  std::function<void()> begin_epoch;
  std::function<std::optional<StepResult>()> step;  // nothing at the end of the epoch
  std::function<nn::Evaluation()> validate;
  std::function<Details()> details;
  std::function<double()> learning_rate, momentum, seconds_waited;
  std::function<std::size_t()> steps;
  std::function<bool(ReduceOnPlateau&, double)> reduce;
  std::function<nn::StateDict()> net, optimizer, loader;
  std::function<void(const nn::StateDict&)> load_net, load_optimizer, load_loader;
  std::unique_ptr<EarlyStopping> stopping;
};

XGRAD_API RunResult run_fit(FitTask& task, const FitSettings& settings);

/// Where the loop over an epoch is.
template <class X, class L>
struct EpochLoop {
  typename nn::DataLoader<X, L>::Iterator next, end;
};

}  // namespace detail

/// Trains a network: for each epoch, for each batch of `train`, the loss, its gradients, a step of the
/// optimiser; with validation, early stopping, plateaus, checkpoints, monitors and a clean stop on Ctrl-C as
/// the options say. The network's layers are in training mode during the run and have their own mode again
/// after it.
///
///     const auto result = optim::fit(net, sgd, loader, {.epochs = 20, .validation = validation,
///                                                       .early_stopping = 3, .checkpoint =
///                                                       "run.safetensors"});
///
/// After Ctrl-C or SIGTERM the step in progress is done, the checkpoint is written, and the result's reason
/// is "interrupted"; a second Ctrl-C ends the program as usual. The network is then not trained to its end,
/// so a program should neither measure nor save it but return the result's `exit_status()`, 130 or 143. A run
/// that was killed at any moment and goes on from its checkpoint (`.resume`) ends with the same weights, to
/// the last bit, given the same program, data, options and number of threads.
///
/// The samples are arrays of the network's precision or of integers, whatever its operator() takes: tokens
/// are an ArrayDataset of integers.
///
/// Throws ValueError for a loader without a batch and options that do not go together, Error where the loss
/// is no longer finite (the checkpoint stays that before), FileError for files; what the network, the loss, a
/// callback or a monitor throws is passed on. An error of a callback or a monitor costs no checkpoint: it is
/// thrown when the step or the epoch is saved. If there are several errors, the first is thrown, with the
/// messages of the others.
template <class Net, class T, class X, class L>
RunResult fit(Net& net, Optimizer<T>& optimizer, nn::DataLoader<X, L>& train,
              const std::type_identity_t<FitOptions<T, L, X>>& options = {}) {
  nn::detail::check_some_batches("fit", train.samples(), train.batches(), train.batch_size());
  detail::FitTask task;
  auto loop = std::make_shared<detail::EpochLoop<X, L>>();
  task.begin_epoch = [&train, loop] { *loop = {train.begin(), train.end()}; };
  task.step = [&net, &optimizer, &options, loop]() -> std::optional<detail::StepResult> {
    if (loop->next == loop->end) return std::nullopt;
    const nn::Batch<X, L> batch = *loop->next;
    ++loop->next;
    nn::detail::check_samples("fit", batch.inputs.shape(), batch.targets.shape());
    Tape tape;
    const Variable<T> outputs = nn::detail::outputs_of<T>(net, batch.inputs);
    const Variable<T> loss = options.loss(outputs, batch.targets);
    const detail::StepResult result{batch.targets.shape()[0], static_cast<double>(loss.item()),
                                    nn::detail::wrong_decisions(outputs, batch.targets)};
    if (!std::isfinite(result.loss)) return result;  // the loop says so; nothing is changed
    tape.backward(loss);
    optimizer.step();
    return result;
  };
  task.validate = [&] { return nn::evaluate(net, options.validation, options.loss); };
  task.details = [&] { return collect_details(net, options.validation, train.batch_size(), options.loss); };
  task.learning_rate = [&] { return optimizer.learning_rate(); };
  task.momentum = [&] { return optimizer.momentum(); };
  task.steps = [&] { return optimizer.steps(); };
  task.seconds_waited = [&] { return train.seconds_waited(); };
  task.reduce = [&](ReduceOnPlateau& plateau, double value) { return plateau.update(value, optimizer); };
  task.net = [&] { return nn::state_dict(net); };
  task.optimizer = [&] { return optimizer.state_dict(); };
  task.loader = [&] { return train.state_dict(); };
  task.load_net = [&](const nn::StateDict& state) { nn::load_state_dict(net, state); };
  task.load_optimizer = [&](const nn::StateDict& state) { optimizer.load_state_dict(state); };
  task.load_loader = [&](const nn::StateDict& state) { train.load_state_dict(state); };
  if (options.early_stopping > 0) {
    task.stopping =
        std::make_unique<EarlyStopping>(net, EarlyStoppingOptions{.patience = options.early_stopping});
  }
  const nn::TrainingMode mode(net);
  return detail::run_fit(
      task, {options.epochs, options.validation.size() > 0, options.early_stopping, options.reduce_on_plateau,
             options.checkpoint, options.checkpoint_every, options.resume, options.monitors, options.on_batch,
             options.on_epoch, options.stop_on_interrupt,
             RunInfo{options.title,
                     options.epochs,
                     train.batches(),
                     train.samples(),
                     nn::parameter_count(net),
                     options.settings,
                     options.classes,
                     {}}});
}

}  // namespace xgrad::optim
