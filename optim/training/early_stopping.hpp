#pragma once

#include <autodiff/config.hpp>
#include <nn/saving/saving.hpp>

#include <cstddef>
#include <functional>
#include <limits>

namespace xgrad::optim {

/// Options for EarlyStopping.
struct EarlyStoppingOptions {
  std::size_t patience = 5;  ///< >= 1: stop after this many consecutive values without improvement
  double min_delta = 0;      ///< >= 0: a value improves if it is below the best so far by more than this
};

/// Early stopping (section 4 of the note, Termination): "one monitors the zero-one risk error of the
/// classifier on a validation set [...] and stops when the validation-set error bottoms out". The best
/// weights are stored and can be restored:
///
///     optim::EarlyStopping stopping(net, {.patience = 5});
///     while (!stopping.update(validation_error)) { ... the next epoch ... }
///     stopping.restore();
///
/// It keeps a reference to the model, which must not move. A NaN is not an improvement.
class XGRAD_API EarlyStopping {
 public:
  /// Throws ValueError if an option is out of range.
  template <class Model>
  explicit EarlyStopping(Model& net, const EarlyStoppingOptions& options = {})
      : EarlyStopping([&net] { return nn::state_dict(net); },
                      [&net](const nn::StateDict& state) { nn::load_state_dict(net, state); }, options) {}

  /// Records the validation error (or another value to minimise) of the next epoch. Returns true if training
  /// should stop.
  bool update(double validation_error);

  /// Restores the model's weights and buffers of the best epoch; does nothing if no value has improved yet.
  void restore() const;

  /// The best value so far, initially infinity.
  double best() const { return best_; }
  /// The epoch of the best value, counted from 1; 0 if there is none.
  std::size_t best_epoch() const { return best_epoch_; }
  /// The number of values recorded.
  std::size_t epochs() const { return epochs_; }

  /// The complete state; the best weights are under the prefix `weights.`.
  nn::StateDict state_dict() const;
  /// Restores a state from state_dict(). Throws ValueError if an entry is missing or invalid.
  void load_state_dict(const nn::StateDict& state);

 private:
  EarlyStopping(std::function<nn::StateDict()> save, std::function<void(const nn::StateDict&)> load,
                const EarlyStoppingOptions& options);

  std::function<nn::StateDict()> save_;
  std::function<void(const nn::StateDict&)> load_;
  EarlyStoppingOptions options_;
  nn::StateDict weights_;  // of the best epoch
  double best_ = std::numeric_limits<double>::infinity();
  std::size_t best_epoch_ = 0;
  std::size_t epochs_ = 0;
};

}  // namespace xgrad::optim
