#pragma once

#include <autodiff/config.hpp>
#include <autodiff/parameter.hpp>
#include <nn/module.hpp>
#include <nn/saving/saving.hpp>
#include <optim/schedules.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

/// \file
/// The base class of the optimisers.

namespace xgrad::optim {

/// Options that every optimiser has; SGDOptions documents their meaning.
struct OptimizerOptions {
  Schedule learning_rate = 0.01;  ///< a number, or a function of the step
  double weight_decay = 0;        ///< >= 0
  double clip_norm = 0;           ///< >= 0; 0: no limit
  double max_norm = 0;            ///< >= 0; 0: no limit
};

namespace detail {

/// Throws ValueError if an option of this optimiser is negative or not finite.
XGRAD_API void check_not_negative(const char* optimizer, const char* option, double value);

/// Throws ValueError if a coefficient is not in [0, 1).
XGRAD_API void check_coefficient(const char* optimizer, const char* option, double value);

}  // namespace detail

/// Base class of all optimisers: updates the parameters of a model step by step from their gradients
/// (section 4 of the note). Training loops and `fit` work with any Optimizer.
///
/// It stays attached to its parameters when the model is moved or swapped, and after `net = best` (see
/// Parameter). The state of a parameter (velocity, means of squares) is kept, but is reset to zero if the
/// parameter's shape changes.
template <class T>
class XGRAD_API Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Updates the parameters from their gradients, then clears the gradients. Parameters without a gradient
  /// (has_grad() is false) keep their value and state. A tape that recorded the old values cannot compute
  /// gradients that need them after the step.
  ///
  /// Throws ValueError if a parameter is not owned by a model (its model or layer was destroyed), if a
  /// schedule's value for this step is out of range, or if clip_norm is set and the norm of the gradients is
  /// NaN or infinite; in these cases nothing is changed, including the gradients. Without clipping the
  /// gradients are not checked.
  void step();

  /// Clears the gradients without a step.
  void clear_grad();
  /// Same as clear_grad(); PyTorch's name.
  void zero_grad() { clear_grad(); }

  /// t, the number of steps taken.
  std::size_t steps() const { return steps_; }

  /// alpha_t, the learning rate of the next step: the schedule's value times learning_rate_scale().
  double learning_rate() const { return options_.learning_rate(steps_) * scale_; }

  /// Replaces the learning rate by a number or a schedule; the schedule is evaluated at steps(), counted from
  /// the first step of this optimiser. Throws ValueError if its value for the next step is out of range.
  void set_learning_rate(const Schedule& learning_rate);

  /// The learning rate as a function of the step, without the scale.
  const Schedule& learning_rate_schedule() const { return options_.learning_rate; }

  /// A factor by which the schedule's value is multiplied, initially 1. ReduceOnPlateau lowers it.
  double learning_rate_scale() const { return scale_; }
  /// Throws ValueError if the scale is negative or not finite.
  void set_learning_rate_scale(double scale);

  /// The momentum coefficient of the next step: mu_t of SGD, beta1 of Adam, 0 for methods without momentum.
  virtual double momentum() const { return 0; }

  /// The parameters that it updates, without duplicates.
  const std::vector<nn::NamedParameter<T>>& parameters() const { return parameters_; }

  /// Resets the step to 0, the learning rate scale to 1 and the state of all parameters; their values and
  /// gradients are unchanged.
  void reset();

  /// The complete state, from which training resumes bit for bit: the number of steps, the learning rate
  /// scale, and the state of each parameter under names such as `velocity.conv1.weight` (indices if the
  /// parameters were passed without names). Options and schedules are not included: the program passes them
  /// to the constructor again.
  nn::StateDict state_dict() const;

  /// Restores a state from state_dict(). Throws ValueError, listing every difference, if the state belongs to
  /// another kind of optimiser or to other parameters; in this case nothing is changed.
  void load_state_dict(const nn::StateDict& state);

 protected:
  /// `memories` names the state arrays kept for each parameter. Throws ValueError if there are no parameters
  /// or an option is out of range (schedules: at step 0).
  Optimizer(const char* name, std::vector<nn::NamedParameter<T>> parameters, OptimizerOptions options,
            std::vector<std::string> memories);

  Optimizer(const Optimizer&) = default;
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(const Optimizer&) = default;
  Optimizer& operator=(Optimizer&&) = default;

  /// The scalars of one step that all update rules use, in the precision of the parameters.
  struct Common {
    T rate;   ///< alpha_t, the learning rate
    T decay;  ///< lambda, the weight decay
    T clip;   ///< factor by which the gradient is multiplied, in (0, 1]: 1 without clipping
  };

  /// Checks and computes the rule's own scalars of this step; called once before the parameters are updated.
  virtual void prepare() {}

  /// Updates the parameter at index i from its gradient; w and gradient have `size` entries.
  virtual void update(std::size_t i, const Common& common, T* w, const T* gradient, std::size_t size) = 0;

  /// State array m of parameter i; all zeros if it is new or the parameter's shape has changed.
  T* memory(std::size_t m, std::size_t i);

  /// The number of updates of parameter i since its state was zero, including the current one.
  std::size_t updates(std::size_t i) const { return updates_[i]; }

  const char* name() const { return name_; }

 private:
  void follow_parameters();
  double checked_rate(const Schedule& learning_rate) const;
  double clip_factor() const;

  const char* name_;
  std::vector<nn::NamedParameter<T>> parameters_;
  std::vector<ParameterHandle<T>> handles_;
  OptimizerOptions options_;
  std::vector<std::string> memory_names_;
  std::vector<std::vector<std::optional<Array<T>>>> memories_;  // allocated on first use
  std::vector<std::size_t> updates_;
  std::size_t steps_ = 0;
  double scale_ = 1;
};

namespace detail {

/// Names parameters by their index, for those passed without names.
template <class T>
std::vector<nn::NamedParameter<T>> numbered(const std::vector<ParameterHandle<T>>& handles) {
  std::vector<nn::NamedParameter<T>> named;
  for (const auto& each : handles) named.push_back({std::to_string(named.size()), each});
  return named;
}

}  // namespace detail

}  // namespace xgrad::optim
