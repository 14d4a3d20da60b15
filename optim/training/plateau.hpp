#pragma once

#include <autodiff/config.hpp>
#include <nn/saving/saving.hpp>
#include <optim/optimizer.hpp>

#include <cstddef>
#include <limits>

namespace xgrad::optim {

/// Options for ReduceOnPlateau.
struct ReduceOnPlateauOptions {
  double factor = 10;               ///< > 1: the learning rate is divided by it
  std::size_t patience = 10;        ///< tolerated consecutive values without progress; the next one reduces
  double threshold = 1e-4;          ///< in [0, 1): progress is a value below best - threshold |best|
  bool absolute_threshold = false;  ///< progress is a value below best - threshold, for any threshold >= 0
  std::size_t cooldown = 0;         ///< number of values after a reduction that do not count towards patience
  double min_scale = 0;             ///< >= 0: lower bound of the learning rate scale
};

/// "When progress starts to saturate, the value of alpha is decreased (say, divided by 10)" (section 4 of the
/// note):
///
///     optim::ReduceOnPlateau plateau({.patience = 5});
///     ... after each epoch: plateau.update(validation_loss, sgd);
///
/// It divides the optimiser's learning_rate_scale(), independently of any schedule. A NaN is not progress.
///
/// It reduces at the same steps as PyTorch's ReduceLROnPlateau and uses its names, except that `factor` is
/// 1 / factor there, and `min_scale` is min_lr as a fraction of the learning rate. The threshold mode is its
/// 'rel', except that progress is a decrease also if the best value is negative; with `absolute_threshold` it
/// is its 'abs'.
class XGRAD_API ReduceOnPlateau {
 public:
  /// Throws ValueError if an option is out of range.
  explicit ReduceOnPlateau(const ReduceOnPlateauOptions& options = {});

  /// Records the next value, such as a validation loss. Returns true if it reduced the learning rate.
  template <class T>
  bool update(double value, Optimizer<T>& optimizer) {
    if (!is_saturated(value)) return false;
    const double scale = reduced(optimizer.learning_rate_scale());
    if (scale == optimizer.learning_rate_scale()) return false;
    optimizer.set_learning_rate_scale(scale);
    return true;
  }

  /// The best value so far, initially infinity.
  double best() const { return best_; }

  /// The complete state.
  nn::StateDict state_dict() const;
  /// Restores a state from state_dict(). Throws ValueError if an entry is missing or invalid.
  void load_state_dict(const nn::StateDict& state);

 private:
  bool is_saturated(double value);
  double reduced(double scale) const;

  ReduceOnPlateauOptions options_;
  double best_ = std::numeric_limits<double>::infinity();
  std::size_t waited_ = 0;
  std::size_t cooling_ = 0;
};

}  // namespace xgrad::optim
