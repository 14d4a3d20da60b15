#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/tape.hpp>
#include <autodiff/transforms/grad.hpp>
#include <nn/module.hpp>

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

/// \file
/// Minimisation of general functions (section 4 of the note, Termination).

namespace xgrad::optim {

/// The minimisation method.
enum class Method {
  lbfgs,  ///< limited-memory BFGS with a strong Wolfe line search (Nocedal and Wright 1999, chapters 3 and 9)
  gradient_descent,  ///< the momentum method with a fixed learning rate
};

/// The state of `minimize` after an iteration.
struct Iteration {
  std::size_t number;    ///< t, from 1
  double value;          ///< L(w_t)
  double gradient_norm;  ///< ||grad L(w_t)||
  double step_size;      ///< ||w_t - w_(t-1)||
};

/// Options for `minimize`. It stops when the first criterion is met; for the tolerances gradient_norm,
/// step_size and decrease, 0 disables the criterion.
struct MinimizeOptions {
  Method method = Method::lbfgs;     ///< the minimisation method
  std::size_t iterations = 1000;     ///< maximum number of iterations
  std::size_t evaluations = 100000;  ///< maximum number of evaluations of the function and its gradient
  double gradient_norm = 1e-8;       ///< stop if ||grad L(w_t)|| (the Euclidean norm) is at most this
  double step_size = 0;              ///< stop if ||w_t - w_(t-1)|| is at most this
  double decrease = 0;               ///< stop if |L(w_t) - L(w_(t-1))| is at most this
  std::size_t memory = 10;           ///< L-BFGS: number of stored pairs of step and gradient change
  double learning_rate = 1e-3;       ///< gradient descent: alpha > 0
  double momentum = 0;               ///< gradient descent: mu in [0, 1)
  std::function<bool(const Iteration&)> callback = {};  ///< called after each iteration; true stops
};

/// Why `minimize` stopped.
enum class Stop {
  gradient_norm,
  step_size,
  decrease,
  iterations,
  evaluations,
  callback,
  no_progress,
  not_finite
};

/// The reason as text.
XGRAD_API std::string to_string(Stop stop);

/// The result of `minimize`: the best point found.
template <class T>
struct Minimum {
  Array<T> w;                    ///< the point, with the shape of w0
  double value = 0;              ///< L(w)
  double gradient_norm = 0;      ///< ||grad L(w)||
  std::size_t iterations = 0;    ///< number of iterations
  std::size_t evaluations = 0;   ///< number of evaluations of the function and its gradient
  Stop stop = Stop::iterations;  ///< why it stopped
  /// Whether a tolerance was met: gradient_norm, step_size or decrease.
  bool converged() const {
    return stop == Stop::gradient_norm || stop == Stop::step_size || stop == Stop::decrease;
  }
};

namespace detail {

/// Returns the value at w and writes the gradient to `gradient`.
template <class T>
using Objective = std::function<double(const Array<T>& w, Array<T>& gradient)>;

template <class T>
XGRAD_API Minimum<T> minimize(const Objective<T>& objective, Array<T> w0, const MinimizeOptions& options);

/// Copy the values, or the gradients (which are then cleared), of all parameters to one vector, and set the
/// values from a vector.
template <class T>
XGRAD_API Array<T> flat_values(const std::vector<nn::NamedParameter<T>>& parameters);
template <class T>
XGRAD_API Array<T> flat_gradients(const std::vector<nn::NamedParameter<T>>& parameters);
template <class T>
XGRAD_API void set_flat_values(const std::vector<nn::NamedParameter<T>>& parameters, const Array<T>& values);

}  // namespace detail

/// Finds a local minimum of f, starting from w0, an array of any shape. f takes a Variable and returns a
/// scalar Variable; its gradient is computed by reverse-mode differentiation:
///
///     const auto minimum = optim::minimize([](const auto& w) { return sum(square(w - 3.0)); }, w0);
///     fmt::print("{} after {} iterations: {}\n", minimum.value, minimum.iterations,
///                to_string(minimum.stop));
///
/// If the line search meets a value that is not finite, it tries a shorter step. If no step decreases the
/// value, the result's `stop` is `no_progress`; close to a minimum this means that only rounding error
/// remains. Throws ValueError if an option is out of range or the value or gradient at w0 is not finite, and
/// ShapeError if f does not return a scalar.
template <class F, class X>
auto minimize(const F& f, const X& w0, const MinimizeOptions& options = {}) {
  using T = xgrad::detail::scalar_t<X>;
  const detail::Objective<T> objective = [&f](const Array<T>& w, Array<T>& gradient) {
    auto [value, slope] = value_and_grad(f, Variable<T>(w));
    gradient = slope.value();
    return static_cast<double>(value.item());
  };
  return detail::minimize<T>(objective, Array<T>(xgrad::detail::to_variable(w0).value()), options);
}

/// Minimises a loss with respect to the parameters of a model, which are set to the best values found: for
/// example, training on the full data set (batch learning) by L-BFGS. `loss` is called without arguments and
/// computes the loss from the current parameters:
///
///     optim::minimize_parameters(nn::parameters(net),
///                                [&] { return nn::cross_entropy(net(images), labels); });
template <class T, class Loss>
Minimum<T> minimize_parameters(const std::vector<nn::NamedParameter<T>>& parameters, const Loss& loss,
                               const MinimizeOptions& options = {}) {
  const detail::Objective<T> objective = [&](const Array<T>& w, Array<T>& gradient) {
    detail::set_flat_values(parameters, w);
    Tape tape;
    const Variable<T> value = loss();
    tape.backward(value);
    gradient = detail::flat_gradients(parameters);
    return static_cast<double>(value.item());
  };
  auto result = detail::minimize<T>(objective, detail::flat_values(parameters), options);
  detail::set_flat_values(parameters, result.w);
  return result;
}

}  // namespace xgrad::optim
