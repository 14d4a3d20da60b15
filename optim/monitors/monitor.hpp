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
/// What a training run tells of itself: "the value of L_T is typically monitored through some user interface"
/// (section 4 of the note).

namespace xgrad::optim {

/// An epoch that has ended.
struct EpochRecord {
  std::size_t epoch = 0;         ///< its number, from 1
  std::size_t step = 0;          ///< the optimiser's steps so far
  std::size_t samples_seen = 0;  ///< training samples so far, over all epochs
  double training_loss = 0;      ///< the mean loss over the epoch, while the weights changed
  std::optional<double> training_error =
      std::nullopt;  ///< the zero-one risk in the same way, where labels are classes
  std::optional<double> validation_loss = std::nullopt;  ///< after the epoch, where there is a validation set
  std::optional<double> validation_error = std::nullopt;  ///< the same
  double learning_rate = 0;                               ///< of the epoch's last step
  double momentum = 0;                                    ///< the same
  double seconds = 0;                                     ///< of training, without validation
  double samples_per_second = 0;                          ///< in training
  double waiting_share = 0;  ///< the share of these seconds spent waiting for data, in [0, 1]
  bool best = false;         ///< the best validation error (or loss) so far
};

/// A run that begins, or goes on.
struct RunInfo {
  std::string title = {};  ///< what is trained on what
  std::size_t epochs = 0;  ///< at most
  std::size_t steps_per_epoch = 0;
  std::size_t samples = 0;                                         ///< of the training set
  std::size_t parameters = 0;                                      ///< weights and biases
  std::vector<std::pair<std::string, std::string>> settings = {};  ///< names and values, for people
  std::vector<std::string> classes = {};                           ///< names of the classes, or none
  std::vector<EpochRecord> history = {};  ///< of a run that goes on: the epochs before
  std::size_t step = 0;                   ///< of a run that goes on: the optimiser's steps before
  /// Whether it resumes from a checkpoint.
  bool goes_on() const { return step > 0 || !history.empty(); }
};

/// A step that was done.
struct BatchRecord {
  std::size_t epoch = 0;  ///< from 1
  std::size_t epochs = 0;
  std::size_t step = 0;     ///< the optimiser's steps so far
  std::size_t samples = 0;  ///< of this epoch so far
  std::size_t samples_per_epoch = 0;
  double loss = 0;          ///< the mean loss of this batch
  double running_loss = 0;  ///< of the epoch so far
  std::optional<double> running_error = std::nullopt;
  double learning_rate = 0;  ///< of this step
  double momentum = 0;
  double seconds = 0;  ///< since the epoch began, or since the run went on
  double samples_per_second = 0;
};

/// A wrong decision of which the network is sure.
struct Confusion {
  Array<float> image;  ///< {H, W, C}
  std::size_t label;
  std::size_t decision;
  double probability;  ///< that the network gives to its decision
};

/// The weights of a layer of convolution.
struct Filters {
  std::string name;
  Array<float> weights;  ///< {O, kH, kW, I}
};

/// The time of a layer in one training step.
struct LayerTime {
  std::string name;
  double forward = 0;     ///< in milliseconds
  double backward = 0;    ///< in milliseconds
  std::string type = {};  ///< its operation, such as `conv2d`
};

/// What takes a while to find out, once an epoch, for monitors that want it.
struct Details {
  Array<std::int64_t> confusion;  ///< {K, K}: rows are labels, columns decisions; empty without classes
  std::vector<Confusion> worst;   ///< surest first
  std::vector<Filters> filters;   ///< of the first layer of convolution, if there is one
  std::vector<LayerTime> layers;  ///< in the order of the forward pass
};

/// A run that has ended.
struct RunResult {
  std::string reason = {};     ///< "epochs", "early stopping", "callback" or "interrupted"
  std::size_t epochs = 0;      ///< that were done
  std::size_t best_epoch = 0;  ///< with the best validation error (or loss); 0 without validation
  std::optional<double> best_error = std::nullopt;
  std::optional<double> best_loss = std::nullopt;  ///< of that epoch
  double seconds = 0;                              ///< since it began, or went on
  std::vector<EpochRecord> history = {};           ///< all epochs, also those before a run went on
  int signal = 0;  ///< the signal that came during the run (SIGINT, SIGTERM), or 0

  /// Whether the run was cut short by a signal, so that the network is not what it was to become.
  bool interrupted() const { return reason == "interrupted"; }
  /// What a program should return that ends after the run: 0, or by the shell's convention 128 + signal,
  /// which is 130 after Ctrl-C and 143 after SIGTERM.
  int exit_status() const { return signal == 0 ? 0 : 128 + signal; }
};

/// Observer of a run; all callbacks default to doing nothing. They are called when the step or the epoch is
/// complete and, with a checkpoint, the epoch is saved. What one of them throws ends the run: the others are
/// still told, then `fit` throws it.
class XGRAD_API Monitor {
 public:
  virtual ~Monitor();
  virtual void begin(const RunInfo&) {}
  virtual void batch(const BatchRecord&) {}
  virtual void epoch(const EpochRecord&) {}
  /// Whether `details` is to be called, before `epoch`.
  virtual bool wants_details() const { return false; }
  virtual void details(const Details&) {}
  /// Also if the run ends in an exception: the reason is then its message.
  virtual void end(const RunResult&) {}

  Monitor() = default;
  Monitor(const Monitor&) = default;
  Monitor& operator=(const Monitor&) = default;
};

}  // namespace xgrad::optim
