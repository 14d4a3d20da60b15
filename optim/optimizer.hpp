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
/// What all optimisers share.

namespace xgrad::optim {

namespace detail {

/// The options that every optimiser has; see there.
struct CommonOptions {
  Schedule learning_rate = 0.01;
  double weight_decay = 0;
  double clip_norm = 0;
  double max_norm = 0;
};

/// Throws ValueError where an option of this optimiser is negative or not finite.
XGRAD_API void check_not_negative(const char* optimizer, const char* option, double value);

/// Throws ValueError where a coefficient is not in [0, 1).
XGRAD_API void check_coefficient(const char* optimizer, const char* option, double value);

}  // namespace detail

/// A method that changes the parameters of a model by their gradients, step by step (section 4 of the note).
/// Every optimiser is one, so that a loop, a schedule or `fit` can be written for all of them.
///
/// It stays attached when the model is moved or swapped, and after `net = best` (see Parameter). What it
/// remembers of a parameter (velocities, means of squares) goes on as it was, but starts anew if the
/// parameter has another shape.
template <class T>
class XGRAD_API Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Changes the parameters by their gradients, then clears the gradients. Parameters without gradient (whose
  /// has_grad() is false) keep their value and what is remembered of them. A tape that recorded the old
  /// values can no longer be asked for gradients that need them.
  ///
  /// Throws ValueError if no model holds one of the parameters any more (its model or layer was destroyed),
  /// if a schedule's value for this step is out of its range, or if the gradients are to be clipped and their
  /// norm is NaN or infinite; then nothing has changed, the gradients included. Without clipping the
  /// gradients are not examined.
  void step();

  /// Forgets the gradients without a step.
  void clear_grad();
  /// The same, under the name that PyTorch gives it.
  void zero_grad() { clear_grad(); }

  /// The number t of steps so far.
  std::size_t steps() const { return steps_; }

  /// alpha_t, which the next step will use: the schedule's value times learning_rate_scale().
  double learning_rate() const { return options_.learning_rate(steps_) * scale_; }

  /// Uses another learning rate from now on: a number, or a schedule, whose steps count from the first step
  /// of this optimiser. Throws ValueError where its value for the next step is out of its range.
  void set_learning_rate(const Schedule& learning_rate);

  /// The learning rate as a function of the step.
  const Schedule& learning_rate_schedule() const { return options_.learning_rate; }

  /// A factor of the learning rate, beside its schedule; 1 at first. ReduceOnPlateau lowers it.
  double learning_rate_scale() const { return scale_; }
  /// Throws ValueError where it is negative or not finite.
  void set_learning_rate_scale(double scale);

  /// The momentum coefficient that the next step will use: mu_t of SGD, beta_1 of Adam, 0 where there is
  /// none.
  virtual double momentum() const { return 0; }

  /// The parameters that it changes, each once.
  const std::vector<nn::NamedParameter<T>>& parameters() const { return parameters_; }

  /// Starts again at step 0 and forgets what it remembers of the parameters, whose values and gradients stay.
  void reset();

  /// All that it needs to go on later, to the last bit: the number of steps, the scale of the learning rate,
  /// and what it remembers of each parameter, under names such as `velocity.conv1.weight` (numbers where the
  /// parameters came without names). Options and schedules are not part of it: schedules are functions of
  /// the step, and the program gives them anew.
  nn::StateDict state_dict() const;

  /// Goes on from such a state. Throws ValueError, listing everything that differs, where it is that of
  /// another optimiser or of other parameters; then nothing has changed.
  void load_state_dict(const nn::StateDict& state);

 protected:
  /// `memories`: the names of what is remembered of each parameter. Throws ValueError where there are no
  /// parameters, and where an option is out of its range (schedules: at step 0).
  Optimizer(const char* name, std::vector<nn::NamedParameter<T>> parameters, detail::CommonOptions options,
            std::vector<std::string> memories);

  Optimizer(const Optimizer&) = default;
  Optimizer(Optimizer&&) = default;
  Optimizer& operator=(const Optimizer&) = default;
  Optimizer& operator=(Optimizer&&) = default;

  /// The numbers of one step that all rules share, in the precision of the parameters.
  struct Common {
    T rate;   // alpha_t
    T decay;  // lambda
    T clip;   // multiplies the gradient
  };

  /// Checks and computes the numbers of this step; called once before the parameters are updated.
  virtual void prepare() {}

  /// Changes one parameter, number i, by its gradient.
  virtual void update(std::size_t i, const Common& common, T* w, const T* gradient, std::size_t size) = 0;

  /// What is remembered of parameter i under memory number m; zeros where it is new.
  T* memory(std::size_t m, std::size_t i);

  /// How many updates parameter i had, the current one included, since its memory was zero.
  std::size_t updates(std::size_t i) const { return updates_[i]; }

  const char* name() const { return name_; }

 private:
  void follow_parameters();
  double checked_rate(const Schedule& learning_rate) const;
  double clip_factor() const;

  const char* name_;
  std::vector<nn::NamedParameter<T>> parameters_;
  std::vector<ParameterHandle<T>> handles_;
  detail::CommonOptions options_;
  std::vector<std::string> memory_names_;
  std::vector<std::vector<std::optional<Array<T>>>> memories_;  // made when first needed
  std::vector<std::size_t> updates_;
  std::size_t steps_ = 0;
  double scale_ = 1;
};

namespace detail {

/// Parameters under their numbers, where they came without names.
template <class T>
std::vector<nn::NamedParameter<T>> numbered(const std::vector<ParameterHandle<T>>& handles) {
  std::vector<nn::NamedParameter<T>> named;
  for (const auto& each : handles) named.push_back({std::to_string(named.size()), each});
  return named;
}

}  // namespace detail

}  // namespace xgrad::optim
