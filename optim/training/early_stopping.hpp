#pragma once

#include <autodiff/config.hpp>
#include <nn/saving/saving.hpp>

#include <cstddef>
#include <functional>
#include <limits>

namespace xgrad::optim {

/// When to stop.
struct EarlyStoppingOptions {
  std::size_t patience = 5;  ///< >= 1: so many values in turn without improvement end the training
  double min_delta = 0;      ///< >= 0: an improvement is a value below the best so far by more than this
};

/// Early stopping (section 4 of the note, Termination): "one monitors the zero-one risk error of the
/// classifier on a validation set [...] and stops when the validation-set error bottoms out". The best
/// weights are kept and can be put back:
///
///     optim::EarlyStopping stopping(net, {.patience = 5});
///     while (!stopping.update(validation_error)) { ... the next epoch ... }
///     stopping.restore();
///
/// It refers to the model, which has to stay where it is. A NaN is no improvement.
class XGRAD_API EarlyStopping {
 public:
  /// Throws ValueError for an option that is out of its range.
  template <class Model>
  explicit EarlyStopping(Model& net, const EarlyStoppingOptions& options = {})
      : EarlyStopping([&net] { return nn::state_dict(net); },
                      [&net](const nn::StateDict& state) { nn::load_state_dict(net, state); }, options) {}

  /// Takes in the value of the next epoch, a validation error that should fall; true where it is time to
  /// stop.
  bool update(double validation_error);

  /// Gives the model the weights and buffers of the best epoch; before the first, does nothing.
  void restore() const;

  /// The best value so far, infinity before the first, and the epoch that had it, counted from 1 (0: none).
  double best() const { return best_; }
  std::size_t best_epoch() const { return best_epoch_; }
  /// The number of values so far.
  std::size_t epochs() const { return epochs_; }

  /// All that it needs to go on later, the best weights under `weights.` included.
  nn::StateDict state_dict() const;
  /// Throws ValueError where something is missing.
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
