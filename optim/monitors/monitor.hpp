#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// \file
/// Records of a training run and the interface of its observers: "the value of L_T is typically monitored
/// through some user interface" (section 4 of the note).

namespace xgrad::optim {

/// A completed epoch.
struct EpochRecord {
  std::size_t epoch = 0;         ///< counted from 1
  std::size_t step = 0;          ///< number of optimiser steps so far
  std::size_t samples_seen = 0;  ///< number of training samples processed so far, over all epochs
  double training_loss = 0;      ///< mean loss over the epoch's batches, computed during training
  std::optional<double> training_error =
      std::nullopt;  ///< mean zero-one error, likewise; empty if targets are not classes
  std::optional<double> validation_loss = std::nullopt;   ///< after the epoch; empty without a validation set
  std::optional<double> validation_error = std::nullopt;  ///< zero-one error, likewise
  double learning_rate = 0;                               ///< in the epoch's last step
  double momentum = 0;                                    ///< in the epoch's last step
  double seconds = 0;                                     ///< training time, without validation
  double samples_per_second = 0;                          ///< training throughput
  double waiting_share = 0;  ///< fraction of `seconds` spent waiting for data, in [0, 1]
  bool best = false;         ///< whether this is the best validation error (or loss) so far
};

/// A run that starts or resumes.
struct RunInfo {
  std::string title = {};                                          ///< such as the model and the data set
  std::size_t epochs = 0;                                          ///< maximum number of epochs
  std::size_t steps_per_epoch = 0;                                 ///< number of batches of an epoch
  std::size_t samples = 0;                                         ///< size of the training set
  std::size_t parameters = 0;                                      ///< number of weights and biases
  std::vector<std::pair<std::string, std::string>> settings = {};  ///< names and values, for display
  std::vector<std::string> classes = {};                           ///< names of the classes; may be empty
  std::vector<EpochRecord> history = {};                           ///< of a resumed run: the previous epochs
  std::size_t step = 0;  ///< of a resumed run: previous optimiser steps
  /// Whether the run resumes from a checkpoint.
  bool goes_on() const { return step > 0 || !history.empty(); }
};

/// A completed step.
struct BatchRecord {
  std::size_t epoch = 0;                               ///< from 1
  std::size_t epochs = 0;                              ///< maximum number of epochs of the run
  std::size_t step = 0;                                ///< number of optimiser steps so far
  std::size_t samples = 0;                             ///< number of samples processed in this epoch so far
  std::size_t samples_per_epoch = 0;                   ///< size of the training set
  double loss = 0;                                     ///< mean loss of this batch
  double running_loss = 0;                             ///< mean loss of the epoch so far
  std::optional<double> running_error = std::nullopt;  ///< mean zero-one error of the epoch so far
  double learning_rate = 0;                            ///< in this step
  double momentum = 0;                                 ///< in this step
  double seconds = 0;                                  ///< training time of the epoch so far
  double samples_per_second = 0;                       ///< training throughput of the epoch so far
};

/// A wrong decision made with high confidence.
struct Confusion {
  Array<float> image;    ///< {H, W, C}
  std::size_t label;     ///< class of the sample, from 0
  std::size_t decision;  ///< predicted class, from 0
  double probability;    ///< predicted probability of the decision
};

/// The weights of a convolutional layer.
struct Filters {
  std::string name;      ///< of the parameter, such as `conv1.weight`
  Array<float> weights;  ///< {O, kH, kW, I}
};

/// The time spent in a layer in one training step.
struct LayerTime {
  std::string name;       ///< such as `conv1`; of a layer without parameters, its operation
  double forward = 0;     ///< in milliseconds
  double backward = 0;    ///< in milliseconds
  std::string type = {};  ///< its operation, such as `conv2d`
};

/// Results that are expensive to compute; computed once per epoch, for monitors that want them.
struct Details {
  Array<std::int64_t> confusion;  ///< {K, K}: rows are labels, columns decisions; empty without classes
  std::vector<Confusion> worst;   ///< most confident first
  std::vector<Filters> filters;   ///< of the first convolutional layer, if there is one
  std::vector<LayerTime> layers;  ///< in the order of the forward pass
};

/// Why a run ended.
enum class StopReason {
  epochs,          ///< it trained all epochs
  early_stopping,  ///< the validation error did not improve for long enough
  callback,        ///< a callback returned true
  interrupted,     ///< by Ctrl-C or SIGTERM
  error            ///< by an exception
};

/// The reason as text: `early stopping`.
XGRAD_API std::string to_string(StopReason reason);

/// The result of a run.
struct RunResult {
  StopReason reason = StopReason::epochs;  ///< why the run ended
  std::string error = {};                  ///< the exception's message, if the run ended with one
  std::size_t epochs = 0;                  ///< number of completed epochs
  std::size_t best_epoch = 0;  ///< epoch with the best validation error (or loss); 0 without validation
  std::optional<double> best_error = std::nullopt;  ///< validation error of that epoch
  std::optional<double> best_loss = std::nullopt;   ///< validation loss of that epoch
  double seconds = 0;                               ///< since the run started or resumed
  std::vector<EpochRecord> history = {};            ///< all epochs, including those before a resume
  int signal = 0;  ///< the signal received during the run (SIGINT, SIGTERM), or 0

  /// The reason as text; if the run ended with an exception, its message.
  std::string reason_text() const { return reason == StopReason::error ? error : to_string(reason); }
  /// Whether a signal stopped the run before its end, so that the network is only partly trained.
  bool interrupted() const { return reason == StopReason::interrupted; }
  /// The exit status for a program that ends after the run: 0, or after a signal 128 + signal, as in shells
  /// (130 after Ctrl-C, 143 after SIGTERM).
  int exit_status() const { return signal == 0 ? 0 : 128 + signal; }
};

/// Observer of a run; all callbacks default to doing nothing. They are called when the step or the epoch is
/// complete and the epoch's checkpoint, if any, is written. An exception from a callback ends the run: the
/// other monitors are still called, then `fit` throws it.
class XGRAD_API Monitor {
 public:
  virtual ~Monitor();
  /// Called once, before the first step of a run that starts or resumes.
  virtual void begin(const RunInfo&) {}
  /// Called after each step.
  virtual void batch(const BatchRecord&) {}
  /// Called after each epoch, including its validation.
  virtual void epoch(const EpochRecord&) {}
  /// Whether `details` should be called, before `epoch`.
  virtual bool wants_details() const { return false; }
  /// Called after each epoch, before `epoch`, if wants_details() is true.
  virtual void details(const Details&) {}
  /// Also called if the run ends with an exception, which is then in the result's `error`.
  virtual void end(const RunResult&) {}

  Monitor() = default;
  Monitor(const Monitor&) = default;
  Monitor& operator=(const Monitor&) = default;
};

}  // namespace xgrad::optim
