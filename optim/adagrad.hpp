#pragma once

#include <autodiff/config.hpp>
#include <optim/optimizer.hpp>

#include <vector>

namespace xgrad::optim {

/// Options for Adagrad, with PyTorch's names.
struct AdagradOptions {
  Schedule learning_rate = 0.01;         ///< alpha_t >= 0
  double initial_accumulator_value = 0;  ///< >= 0: initial value of the sums of squares
  double epsilon = 1e-10;                ///< >= 0: added to the square root of the sum of squares
  double weight_decay = 0;               ///< lambda >= 0: lambda w is added to the gradient
  double clip_norm = 0;  ///< >= 0: limit of the norm of all gradients (see clip_grad_norm); 0: no limit
  double max_norm = 0;  ///< >= 0: limit of the norm of a unit's weights (see constrain_max_norm); 0: no limit
};

/// Adagrad (Duchi, Hazan and Singer, Adaptive subgradient methods, 2011): with g the gradient plus lambda w,
///
///     s <- s + g^2
///     w <- w - alpha_t g / (sqrt(s) + epsilon)
template <class T>
class XGRAD_API Adagrad final : public Optimizer<T> {
 public:
  /// Optimises these parameters; duplicates are ignored. Throws ValueError if there are none or an option is
  /// out of range (schedules: at step 0).
  explicit Adagrad(const std::vector<nn::NamedParameter<T>>& parameters, const AdagradOptions& options = {});
  explicit Adagrad(const std::vector<ParameterHandle<T>>& parameters, const AdagradOptions& options = {});

 private:
  using typename Optimizer<T>::Common;
  void update(std::size_t i, const Common& common, T* w, const T* gradient, std::size_t size) override;

  AdagradOptions options_;
};

}  // namespace xgrad::optim
