#pragma once

#include <autodiff/config.hpp>
#include <optim/optimizer.hpp>

#include <vector>

namespace xgrad::optim {

/// Options for RMSprop, with PyTorch's names, except that `decay` is its `alpha`.
struct RMSpropOptions {
  Schedule learning_rate = 0.01;  ///< alpha_t >= 0
  double decay = 0.99;            ///< in [0, 1): decay rate of the running mean of squares
  double epsilon = 1e-8;          ///< >= 0: added to the square root of the mean of squares
  double momentum = 0;            ///< in [0, 1)
  bool centered = false;          ///< divide by the standard deviation instead of the root mean square
  double weight_decay = 0;        ///< lambda >= 0: lambda w is added to the gradient
  double clip_norm = 0;  ///< >= 0: limit of the norm of all gradients (see clip_grad_norm); 0: no limit
  double max_norm = 0;  ///< >= 0: limit of the norm of a unit's weights (see constrain_max_norm); 0: no limit
};

/// RMSprop (Tieleman and Hinton, lecture 6.5 of Neural networks for machine learning, 2012; centred: Graves,
/// Generating sequences with recurrent neural networks, 2013, equations 38 to 41) in PyTorch's form: with g
/// the gradient plus lambda w,
///
///     s <- decay s + (1 - decay) g^2
///     d  = sqrt(s) + epsilon,  or  sqrt(s - a^2) + epsilon  with  a <- decay a + (1 - decay) g
///     v <- momentum v + g / d
///     w <- w - alpha_t v
template <class T>
class XGRAD_API RMSprop final : public Optimizer<T> {
 public:
  /// Optimises these parameters; duplicates are ignored. Throws ValueError if there are none or an option is
  /// out of range (schedules: at step 0).
  explicit RMSprop(const std::vector<nn::NamedParameter<T>>& parameters, const RMSpropOptions& options = {});
  explicit RMSprop(const std::vector<ParameterHandle<T>>& parameters, const RMSpropOptions& options = {});

  /// The option `momentum`.
  double momentum() const override { return options_.momentum; }

 private:
  using typename Optimizer<T>::Common;
  void update(std::size_t i, const Common& common, T* w, const T* gradient, std::size_t size) override;

  RMSpropOptions options_;
};

}  // namespace xgrad::optim
