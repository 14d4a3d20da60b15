#pragma once

#include <autodiff/config.hpp>
#include <nn/saving/saving.hpp>
#include <optim/optimizer.hpp>

#include <cstddef>
#include <limits>

namespace xgrad::optim {

/// When progress counts as saturated, and what happens then.
struct ReduceOnPlateauOptions {
  double factor = 10;         ///< > 1: what the learning rate is divided by
  std::size_t patience = 10;  ///< tolerated values without progress in turn; the next one reduces
  double threshold = 1e-4;    ///< in [0, 1): progress is a value below best - threshold |best|
  bool absolute_threshold =
      false;                 ///< progress is a value below best - threshold, which may be any number >= 0
  std::size_t cooldown = 0;  ///< number of values after a reduction that do not count
  double min_scale = 0;      ///< >= 0: the scale of the learning rate does not fall below it
};

/// "When progress starts to saturate, the value of alpha is decreased (say, divided by 10)" (section 4 of the
/// note):
///
///     optim::ReduceOnPlateau plateau({.patience = 5});
///     ... after each epoch: plateau.update(validation_loss, sgd);
///
/// It changes the optimiser's learning_rate_scale(), beside any schedule. A NaN is no progress.
///
/// The steps are those of PyTorch's ReduceLROnPlateau, with its names: `factor` here is 1 / factor there, and
/// `min_scale` is min_lr as a share of the learning rate. The threshold is its 'rel', which for a negative
/// best value asks for a fall here, too. With `absolute_threshold`, its 'abs'.
class XGRAD_API ReduceOnPlateau {
 public:
  /// Throws ValueError for an option that is out of its range.
  explicit ReduceOnPlateau(const ReduceOnPlateauOptions& options = {});

  /// Takes in the next value, a loss that should fall; true where it reduced the learning rate.
  template <class T>
  bool update(double value, Optimizer<T>& optimizer) {
    if (!is_saturated(value)) return false;
    const double scale = reduced(optimizer.learning_rate_scale());
    if (scale == optimizer.learning_rate_scale()) return false;
    optimizer.set_learning_rate_scale(scale);
    return true;
  }

  /// The best value so far, infinity before the first.
  double best() const { return best_; }

  /// All that it needs to go on later.
  nn::StateDict state_dict() const;
  /// Throws ValueError where something is missing.
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
