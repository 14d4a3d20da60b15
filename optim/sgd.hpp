#pragma once

#include <autodiff/config.hpp>
#include <optim/optimizer.hpp>

#include <vector>

namespace xgrad::optim {

/// How SGD steps. Numbers and schedules may be given: `{.learning_rate = 0.1, .momentum = 0.9}`.
struct SGDOptions {
  Schedule learning_rate = 0.01;  ///< alpha_t >= 0
  Schedule momentum = 0;          ///< mu_t in [0, 1]; 0 is gradient descent without memory
  double weight_decay = 0;        ///< lambda >= 0: lambda w is added to the gradient g
  double clip_norm = 0;  ///< the largest norm of all gradients together (see clip_grad_norm); 0: no limit
  double max_norm =
      0;  ///< the largest norm of a unit's incoming weights (see constrain_max_norm); 0: no limit
  bool nesterov = false;  ///< Nesterov's form of the momentum method
};

/// Stochastic gradient descent with the momentum method of the note's section 4 (Polyak, 1964; the form of
/// Sutskever et al., 2013). Step t = 0, 1, ... is, for each parameter w with gradient g,
///
///     v_{t+1} = mu_t v_t - alpha_t (g + lambda w_t)      v_0 = 0
///     w_{t+1} = w_t + v_{t+1}
///
/// and in Nesterov's form (Sutskever et al. 2013, equations 3 and 4, written for the point w_t + mu_t v_t at
/// which the gradient is taken, as PyTorch, Keras and Bengio et al. 2013 do, so that the parameters are
/// always that point)
///
///     w_{t+1} = w_t + mu_t v_{t+1} - alpha_t (g + lambda w_t)
///
/// The velocity v contains the learning rate: after a change of the rate, old steps go on at their old size.
/// (PyTorch's velocity does not contain it; with a constant rate and momentum the weights are the same.)
/// Weight decay is coupled: it acts through the gradient, as that of PyTorch's SGD, and so through momentum
/// too. Where the norm of all gradients, taken as one vector, is greater than `clip_norm`, each g above is
/// multiplied by clip_norm / norm; the decay is not part of that norm.
///
///     optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.01, .momentum = 0.9});
///     ...
///     tape.backward(loss);
///     sgd.step();
template <class T>
class XGRAD_API SGD final : public Optimizer<T> {
 public:
  /// For all parameters of a model; one that is listed twice counts once. Throws ValueError where there are
  /// none, and where an option is out of its range (schedules: at step 0).
  explicit SGD(const std::vector<nn::NamedParameter<T>>& parameters, const SGDOptions& options = {});
  explicit SGD(const std::vector<ParameterHandle<T>>& parameters, const SGDOptions& options = {});

  /// mu_t, which the next step will use.
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
