#pragma once

#include <autodiff/config.hpp>
#include <optim/optimizer.hpp>

#include <vector>

namespace xgrad::optim {

/// How RMSprop steps. The names are PyTorch's; `decay` is its `alpha`.
struct RMSpropOptions {
  Schedule learning_rate = 0.01;  ///< alpha_t >= 0
  double decay = 0.99;            ///< in [0, 1): of the mean of squares
  double epsilon = 1e-8;          ///< >= 0: added to the root of the mean of squares
  double momentum = 0;            ///< in [0, 1)
  bool centered = false;          ///< divide by the deviation rather than the root of the mean of squares
  double weight_decay = 0;        ///< lambda >= 0: lambda w is added to the gradient
  double clip_norm = 0;  ///< the largest norm of all gradients together (see clip_grad_norm); 0: no limit
  double max_norm =
      0;  ///< the largest norm of a unit's incoming weights (see constrain_max_norm); 0: no limit
};

/// RMSprop (Tieleman and Hinton, lecture 6.5 of Neural networks for machine learning, 2012; centred: Graves,
/// Generating sequences with recurrent neural networks, 2013, equations 38 to 41) as PyTorch has it: with g
/// the gradient, to which lambda w is added,
///
///     s <- decay s + (1 - decay) g^2
///     d  = sqrt(s) + epsilon,  or  sqrt(s - a^2) + epsilon  with  a <- decay a + (1 - decay) g
///     v <- momentum v + g / d
///     w <- w - alpha_t v
template <class T>
class XGRAD_API RMSprop final : public Optimizer<T> {
 public:
  /// For all parameters of a model; one that is listed twice counts once. Throws ValueError where there are
  /// none, and where an option is out of its range (schedules: at step 0).
  explicit RMSprop(const std::vector<nn::NamedParameter<T>>& parameters, const RMSpropOptions& options = {});
  explicit RMSprop(const std::vector<ParameterHandle<T>>& parameters, const RMSpropOptions& options = {});

  double momentum() const override { return options_.momentum; }

 private:
  using typename Optimizer<T>::Common;
  void update(std::size_t i, const Common& common, T* w, const T* gradient, std::size_t size) override;

  RMSpropOptions options_;
};

}  // namespace xgrad::optim
