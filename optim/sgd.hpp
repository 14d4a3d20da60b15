#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <autodiff/parameter.hpp>
#include <nn/module.hpp>
#include <optim/schedules.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace xgrad::optim {

/// How SGD steps. Numbers and schedules may be given: `{.learning_rate = 0.1, .momentum = 0.9}`.
struct SGDOptions {
  Schedule learning_rate = 0.01;  ///< alpha_t >= 0
  Schedule momentum = 0;          ///< mu_t in [0, 1]; 0 is gradient descent without memory
  double weight_decay = 0;        ///< lambda >= 0: lambda w is added to the gradient g
  double clip_norm = 0;  ///< the largest norm of all gradients together (see clip_grad_norm); 0: no limit
};

/// Stochastic gradient descent with the momentum method of the note's section 4 (Polyak, 1964; the form of
/// Sutskever et al., 2013). Step t = 0, 1, ... is, for each parameter w with gradient g,
///
///     v_{t+1} = mu_t v_t - alpha_t (g + lambda w_t)      v_0 = 0
///     w_{t+1} = w_t + v_{t+1}
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
///
/// It stays attached when the model is moved, and after `net = best`; velocities go on as they were, but one
/// whose parameter has another shape than before starts at zero again.
template <class T>
class XGRAD_API SGD {
 public:
  /// For all parameters of a model; one that is listed twice counts once. Throws ValueError where there are
  /// none, and where an option is out of its range (schedules: at step 0).
  explicit SGD(const std::vector<nn::NamedParameter<T>>& parameters, const SGDOptions& options = {});
  explicit SGD(const std::vector<ParameterHandle<T>>& parameters, const SGDOptions& options = {});

  /// Changes the parameters by their gradients, then clears the gradients. Parameters without gradient (whose
  /// has_grad() is false) keep their value and velocity. A tape that recorded the old values can no longer be
  /// asked for gradients that need them.
  ///
  /// Throws ValueError where a schedule's value for this step is out of its range, or where the gradients are
  /// to be clipped and their norm is NaN or infinite; then nothing has changed, the gradients included.
  /// Without clipping the gradients are not examined.
  void step();

  /// Forgets the gradients without a step.
  void clear_grad();
  /// The same, under the name that PyTorch gives it.
  void zero_grad() { clear_grad(); }

  /// The number t of steps so far.
  std::size_t steps() const { return steps_; }

  /// alpha_t, which the next step will use.
  double learning_rate() const { return options_.learning_rate(steps_); }

  /// Uses another learning rate from now on: a number, or a schedule, whose steps count from the first step
  /// of this optimiser. Throws ValueError where its value for the next step is out of its range.
  void set_learning_rate(const Schedule& learning_rate);

  /// mu_t, which the next step will use.
  double momentum() const { return options_.momentum(steps_); }

  /// Starts again at step 0 with velocities of zero. Values and gradients of the parameters stay.
  void reset();

 private:
  /// The numbers of one step, in the precision of the parameters.
  struct Rule {
    T rate;      // alpha_t
    T momentum;  // mu_t
    T decay;     // lambda
    T clip;      // multiplies the gradient
  };

  double clip_factor() const;
  void update(std::size_t i, const Rule& rule);

  std::vector<ParameterHandle<T>> parameters_;
  std::vector<std::optional<Array<T>>> velocities_;  // made when first needed
  SGDOptions options_;
  std::size_t steps_ = 0;
};

}  // namespace xgrad::optim
