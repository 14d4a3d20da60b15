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
/// Minimising functions outside learning (section 4 of the note, Termination).

namespace xgrad::optim {

/// How the next point is found.
enum class Method {
  lbfgs,  ///< limited-memory BFGS with a strong Wolfe line search (Nocedal and Wright 1999, chapters 3 and 9)
  gradient_descent,  ///< the momentum method with a fixed learning rate
};

/// Where `minimize` is after an iteration.
struct Iteration {
  std::size_t number;    ///< t, from 1
  double value;          ///< L(w_t)
  double gradient_norm;  ///< ||grad L(w_t)||
  double step_size;      ///< ||w_t - w_(t-1)||
};

/// How `minimize` goes. It stops when a tolerance is met; 0 takes a condition out.
struct MinimizeOptions {
  Method method = Method::lbfgs;
  std::size_t iterations = 1000;     ///< at most
  std::size_t evaluations = 100000;  ///< of the function and its gradient, at most
  double gradient_norm = 1e-8;       ///< stop where ||grad L(w_t)|| (the Euclidean norm) is at most this
  double step_size = 0;              ///< stop where ||w_t - w_(t-1)|| is at most this
  double decrease = 0;               ///< stop where |L(w_t) - L(w_(t-1))| is at most this
  std::size_t memory = 10;           ///< of L-BFGS: pairs of steps and changes of the gradient
  double learning_rate = 1e-3;       ///< of gradient descent, alpha
  double momentum = 0;               ///< of gradient descent, mu in [0, 1)
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

/// The reason in words.
XGRAD_API std::string to_string(Stop stop);

/// What `minimize` found: the best point that it came to.
template <class T>
struct Minimum {
  Array<T> w;                ///< in the shape of w0
  double value = 0;          ///< L(w)
  double gradient_norm = 0;  ///< ||grad L(w)||
  std::size_t iterations = 0;
  std::size_t evaluations = 0;  ///< of the function and its gradient
  Stop stop = Stop::iterations;
  /// Whether a tolerance was met: of the gradient, the step or the decrease.
  bool converged() const {
    return stop == Stop::gradient_norm || stop == Stop::step_size || stop == Stop::decrease;
  }
};

namespace detail {

/// The value at a point, and its gradient into the array.
template <class T>
using Objective = std::function<double(const Array<T>& w, Array<T>& gradient)>;

template <class T>
XGRAD_API Minimum<T> minimize(const Objective<T>& objective, Array<T> w0, const MinimizeOptions& options);

/// The parameters as one vector, and back.
template <class T>
XGRAD_API Array<T> flat_values(const std::vector<nn::NamedParameter<T>>& parameters);
template <class T>
XGRAD_API Array<T> flat_gradients(const std::vector<nn::NamedParameter<T>>& parameters);
template <class T>
XGRAD_API void set_flat_values(const std::vector<nn::NamedParameter<T>>& parameters, const Array<T>& values);

}  // namespace detail

/// Looks for a minimum of f near w0, an array of any shape. f takes a Variable and returns one number, from
/// which the engine takes the gradient:
///
///     const auto minimum = optim::minimize([](const auto& w) { return sum(square(w - 3.0)); }, w0);
///     fmt::print("{} after {} iterations: {}\n", minimum.value, minimum.iterations,
///     to_string(minimum.stop));
///
/// A line search that meets a value that is not finite goes back; where no step makes the value smaller, the
/// result says `no_progress`, which close to a minimum means that rounding errors are all that is left.
/// Throws ValueError where an option is out of its range or L(w0) is not finite, and ShapeError where f does
/// not return one number.
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

/// The same for a function of the parameters of a model, which end at the best values found: training on a
/// whole set (batch learning) by L-BFGS. `loss` computes the loss anew with their present values:
///
///     optim::minimize_parameters(nn::parameters(net), [&] { return nn::cross_entropy(net(images), labels);
///     });
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
