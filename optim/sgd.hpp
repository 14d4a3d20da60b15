#pragma once

#include <autodiff/config.hpp>
#include <optim/optimizer.hpp>

#include <vector>

namespace xgrad::optim {

/// Options for SGD. A Schedule may be a number: `{.learning_rate = 0.1, .momentum = 0.9}`.
struct SGDOptions {
  Schedule learning_rate = 0.01;  ///< alpha_t >= 0
  Schedule momentum = 0;          ///< mu_t in [0, 1]; 0 is plain gradient descent
  double weight_decay = 0;        ///< lambda >= 0: lambda w is added to the gradient g
  double clip_norm = 0;  ///< >= 0: limit of the norm of all gradients (see clip_grad_norm); 0: no limit
  double max_norm = 0;  ///< >= 0: limit of the norm of a unit's weights (see constrain_max_norm); 0: no limit
  bool nesterov = false;  ///< use Nesterov momentum
};

/// Stochastic gradient descent with the momentum method of the note's section 4 (Polyak, 1964; the form of
/// Sutskever et al., 2013). Step t = 0, 1, ... is, for each parameter w with gradient g,
///
///     v_{t+1} = mu_t v_t - alpha_t (g + lambda w_t)      v_0 = 0
///     w_{t+1} = w_t + v_{t+1}
///
/// and with Nesterov momentum (Sutskever et al. 2013, equations 3 and 4, in terms of the point w_t + mu_t v_t
/// at which the gradient is evaluated, as in PyTorch, Keras and Bengio et al. 2013: the parameters always
/// hold that point)
///
///     w_{t+1} = w_t + mu_t v_{t+1} - alpha_t (g + lambda w_t)
///
/// The velocity v includes the learning rate: after a change of the rate, past gradients contribute with
/// their old rate. (PyTorch's velocity does not include it; with constant rate and momentum the weights are
/// the same.) Weight decay is coupled, as in PyTorch's SGD: it is added to the gradient and so enters the
/// velocity. If the norm of all gradients, taken as one vector, exceeds `clip_norm`, each g above is
/// multiplied by clip_norm / norm; the decay term is not part of that norm.
///
///     optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.01, .momentum = 0.9});
///     ...
///     tape.backward(loss);
///     sgd.step();
template <class T>
class XGRAD_API SGD final : public Optimizer<T> {
 public:
  /// Optimises these parameters; duplicates are ignored. Throws ValueError if there are none or an option is
  /// out of range (schedules: at step 0).
  explicit SGD(const std::vector<nn::NamedParameter<T>>& parameters, const SGDOptions& options = {});
  explicit SGD(const std::vector<ParameterHandle<T>>& parameters, const SGDOptions& options = {});

  /// mu_t, the momentum coefficient of the next step.
  double momentum() const override { return momentum_(this->steps()); }

 private:
  using typename Optimizer<T>::Common;
  void prepare() override;
  void update(std::size_t i, const Common& common, T* w, const T* gradient, std::size_t size) override;

  Schedule momentum_;
  bool nesterov_;
  T mu_ = 0;  // of this step
};

}  // namespace xgrad::optim
