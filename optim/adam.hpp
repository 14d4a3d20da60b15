#pragma once

#include <autodiff/config.hpp>
#include <optim/optimizer.hpp>

#include <vector>

namespace xgrad::optim {

/// Options for Adam and AdamW, with PyTorch's names; `beta1` and `beta2` are its `betas`.
struct AdamOptions {
  Schedule learning_rate = 0.001;  ///< alpha_t >= 0
  double beta1 = 0.9;              ///< in [0, 1): decay rate of the mean of gradients
  double beta2 = 0.999;            ///< in [0, 1): decay rate of the mean of their squares
  double epsilon = 1e-8;           ///< >= 0: added to the square root of the mean of squares
  double weight_decay = 0;         ///< lambda >= 0
  bool amsgrad = false;            ///< divide by the largest mean of squares so far (Reddi et al., 2018)
  double clip_norm = 0;  ///< >= 0: limit of the norm of all gradients (see clip_grad_norm); 0: no limit
  double max_norm = 0;  ///< >= 0: limit of the norm of a unit's weights (see constrain_max_norm); 0: no limit
};

/// Adam (Kingma and Ba, Adam: a method for stochastic optimization, 2015, algorithm 1). With g the gradient
/// plus lambda w, step t = 1, 2, ... is
///
///     m <- beta1 m + (1 - beta1) g
///     s <- beta2 s + (1 - beta2) g^2
///     w <- w - alpha_t (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + epsilon)
///
/// In the bias correction t counts only the steps in which the parameter had a gradient, as in PyTorch.
template <class T>
class XGRAD_API Adam : public Optimizer<T> {
 public:
  /// Optimises these parameters; duplicates are ignored. Throws ValueError if there are none or an option is
  /// out of range (schedules: at step 0).
  explicit Adam(const std::vector<nn::NamedParameter<T>>& parameters, const AdamOptions& options = {});
  explicit Adam(const std::vector<ParameterHandle<T>>& parameters, const AdamOptions& options = {});

  /// beta1.
  double momentum() const override { return options_.beta1; }

 protected:
  Adam(const char* name, const std::vector<nn::NamedParameter<T>>& parameters, const AdamOptions& options,
       bool decoupled);

 private:
  using typename Optimizer<T>::Common;
  void update(std::size_t i, const Common& common, T* w, const T* gradient, std::size_t size) override;

  AdamOptions options_;
  bool decoupled_;  // weight decay is applied to the weights, not to the gradient
};

/// Adam with decoupled weight decay (Loshchilov and Hutter, Decoupled weight decay regularization, 2019): the
/// decay is not added to g; instead w <- w - alpha_t lambda w is applied before the step. `weight_decay` is
/// 0.01 if no options are passed, as in PyTorch.
template <class T>
class XGRAD_API AdamW final : public Adam<T> {
 public:
  /// Parameters and exceptions as for Adam.
  explicit AdamW(const std::vector<nn::NamedParameter<T>>& parameters,
                 const AdamOptions& options = {.weight_decay = 0.01});
  explicit AdamW(const std::vector<ParameterHandle<T>>& parameters,
                 const AdamOptions& options = {.weight_decay = 0.01});
};

}  // namespace xgrad::optim
