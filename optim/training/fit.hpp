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
/// `fit`: the training loop as one function.

namespace xgrad::optim {

/// Options for `fit`. T is the network's precision, L the element type of the targets, X that of the inputs:
/// T, or an integer type, such as for tokens.
template <class T, class L, class X = T>
struct FitOptions {
  std::size_t epochs =
      10;  ///< maximum number of epochs, including those before the checkpoint of a resumed run

  /// The loss of outputs and targets, a mean over the batch. Default: nn::cross_entropy if L is an integer
  /// type (classes), nn::quadratic_loss otherwise.
  std::function<Variable<T>(const Variable<T>&, const Array<L>&)> loss = nn::DefaultLoss{};

  nn::AnyDataset<X, L> validation =
      {};  ///< validation set, evaluated after each epoch: `{images, labels}` or a Dataset

  /// Number of epochs without a better validation error (or loss, if there is no error) after which training
  /// stops. The best weights are restored at the end of the run, also if it ends for another reason, unless
  /// it was interrupted. 0: no early stopping.
  std::size_t early_stopping = 0;

  /// Divides the learning rate when the validation loss (without validation, the training loss) saturates.
  std::optional<ReduceOnPlateauOptions> reduce_on_plateau = std::nullopt;

  /// File for a checkpoint from which the run can be resumed, written after each epoch and when the run
  /// stops within an epoch.
  std::filesystem::path checkpoint = {};
  std::size_t checkpoint_every = 0;   ///< also write it every this many steps; 0: only as above
  std::filesystem::path resume = {};  ///< resume from this checkpoint

  std::vector<Monitor*> monitors = {};  ///< observers of the run
  std::function<void()> on_gradients =
      {};  ///< called between the backward pass and the step of the optimiser
  std::function<bool(const BatchRecord&)> on_batch = {};  ///< called after each step; true stops the run

  /// Called after each epoch, before its checkpoint is written (which includes changes made here) and before
  /// the monitors are called; true stops the run.
  std::function<bool(const EpochRecord&)> on_epoch = {};
  bool stop_on_interrupt =
      true;  ///< on Ctrl-C (SIGINT) or SIGTERM, finish the step and stop, unless the signal is ignored

  std::string title = {};                                          ///< title of the run, for the monitors
  std::vector<std::string> classes = {};                           ///< names of the classes, for the monitors
  std::vector<std::pair<std::string, std::string>> settings = {};  ///< names and values, for the monitors
};

namespace detail {

/// The options that the type-independent loop needs.
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

/// The result of one training step.
struct StepResult {
  std::size_t samples;
  double loss;                  // the mean loss of the batch
  std::optional<double> wrong;  // number of wrong decisions
};

/// The network, the optimiser and the data as the type-independent loop uses them.
struct FitTask {
  std::function<void()> begin_epoch;
  std::function<std::optional<StepResult>()> step;  // nullopt at the end of the epoch
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

/// The position of the loop within an epoch.
template <class X, class L>
struct EpochLoop {
  typename nn::DataLoader<X, L>::Iterator next, end;
};

}  // namespace detail

/// Trains a network: in each epoch, for each batch of `train`, computes the loss and its gradients and takes
/// a step of the optimiser. The options add validation, early stopping, reduction of the learning rate on
/// plateaus, checkpoints, monitors and a clean stop on Ctrl-C. The network's layers are in training mode
/// during the run; their previous modes are restored after it.
///
///     const auto result = optim::fit(net, sgd, loader,
///                                    {.epochs = 20, .validation = validation, .early_stopping = 3,
///                                     .checkpoint = "run.safetensors"});
///
/// After Ctrl-C or SIGTERM the step in progress is completed, the checkpoint is written, and the result's
/// reason is StopReason::interrupted; a second Ctrl-C ends the program as usual. The network is then only
/// partly trained, so a program should neither evaluate nor save it but return the result's `exit_status()`,
/// 130 or 143. A run that was killed at any moment and is resumed from its checkpoint (`.resume`) ends with
/// weights bit-identical to an uninterrupted run, given the same program, data, options and number of
/// threads.
///
/// The inputs are arrays of the network's precision or of integers, as its operator() takes: tokens are an
/// ArrayDataset of integers.
///
/// Throws ValueError for a loader without batches or for inconsistent options, Error if the loss is not
/// finite (the checkpoint before it is kept), and FileError if a file cannot be read or written; exceptions
/// of the network, the loss, a callback or a monitor are passed on. An exception of a callback or a monitor
/// is thrown after the checkpoint of the step or epoch has been written. If there are several exceptions, the
/// first is thrown, with the messages of the others appended.
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
    if (!std::isfinite(result.loss)) return result;  // the loop throws; no parameter has changed
    tape.backward(loss);
    if (options.on_gradients) options.on_gradients();
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
