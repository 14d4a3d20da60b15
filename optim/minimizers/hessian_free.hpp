#pragma once

#include <autodiff/config.hpp>
#include <autodiff/tape.hpp>
#include <autodiff/transforms/grad.hpp>
#include <nn/module.hpp>
#include <optim/minimizers/minimize.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace xgrad::optim {

/// Options for HessianFree.
struct HessianFreeOptions {
  double damping = 1;            ///< initial lambda >= 0: lambda times the identity is added to the curvature
  bool adapt_damping = true;     ///< by the ratio of actual to predicted decrease (section 4.1)
  std::size_t iterations = 100;  ///< maximum number of conjugate gradient iterations per step
  double tolerance = 5e-4;  ///< stop conjugate gradients if the relative progress is below this (section 4.4)
  double decay = 0.95;  ///< in [0, 1]: the next search starts from decay times the last step (section 4.8)
};

/// The result of a step.
struct HessianFreeStep {
  double loss_before = 0;      ///< loss at the parameters before the step
  double loss_after = 0;       ///< loss after the step; loss_before if the step cannot decrease it
  double ratio = 0;            ///< actual decrease / decrease predicted by the quadratic model
  double damping = 0;          ///< lambda for the next step
  std::size_t iterations = 0;  ///< number of conjugate gradient iterations
};

namespace detail {

/// Minimises g p + p (G + lambda) p / 2 over p by conjugate gradients from `start`, where `product` computes
/// (G + lambda) p; returns a selection of the iterates, of which the last is the best (Martens 2010, section
/// 4.6), and sets `done` to the number of iterations.
template <class T>
XGRAD_API std::vector<Array<T>> conjugate_gradients(const std::function<Array<T>(const Array<T>&)>& product,
                                                    const Array<T>& gradient, const Array<T>& start,
                                                    std::size_t iterations, double tolerance,
                                                    std::size_t& done);

/// The product of the Gauss-Newton matrix J^T H J with v, where J is the Jacobian of the outputs with respect
/// to all parameters and H the Hessian of the loss with respect to the outputs.
template <class T>
XGRAD_API Array<T> gauss_newton_product(const std::vector<nn::NamedParameter<T>>& parameters,
                                        const std::function<Variable<T>()>& outputs,
                                        const std::function<Variable<T>(const Variable<T>&)>& loss,
                                        const Array<T>& v);

}  // namespace detail

/// The product of the Gauss-Newton matrix with a vector v, whose length is the total size of the parameters,
/// without forming the matrix: a forward derivative J v, a product with the Hessian of the loss with respect
/// to the outputs, and a backward pass (Schraudolph, Fast curvature matrix-vector products, 2002). `outputs`
/// computes the network's outputs, `loss` the loss from them. For a convex loss the matrix is positive
/// semidefinite; if the outputs are linear in the parameters, it is the Hessian.
template <class T, class Outputs, class Loss>
Array<T> gauss_newton_product(const std::vector<nn::NamedParameter<T>>& parameters, const Outputs& outputs,
                              const Loss& loss, const Array<T>& v) {
  return detail::gauss_newton_product<T>(parameters, outputs, loss, v);
}

/// Hessian-free optimisation (Martens, Deep learning via Hessian-free optimization, 2010; reference [6] of
/// the note is its sequel): each step minimises the quadratic model of the loss with the damped Gauss-Newton
/// matrix by conjugate gradients, backtracks along the iterates and then along the step to decrease the loss,
/// and adapts the damping by the Levenberg-Marquardt rule (section 4.1). Use it with batches large enough
/// that their loss approximates that of the whole set.
///
///     optim::HessianFree<double> hf(nn::parameters(net));
///     for (...) hf.step([&] { return net(images); },
///                       [&](const auto& y) { return nn::cross_entropy(y, labels); });
template <class T>
class XGRAD_API HessianFree {
 public:
  /// Throws ValueError if there are no parameters or an option is out of range.
  explicit HessianFree(std::vector<nn::NamedParameter<T>> parameters, const HessianFreeOptions& options = {});

  /// Takes one step. `outputs` computes the network's outputs with the current parameters, `loss` a scalar
  /// from them; both are called repeatedly and must be deterministic (no dropout). If the step cannot
  /// decrease the loss, the parameters are unchanged and the damping is raised. Throws ValueError if the loss
  /// before the step is not finite.
  HessianFreeStep step(const std::function<Variable<T>()>& outputs,
                       const std::function<Variable<T>(const Variable<T>&)>& loss);

  /// lambda, the damping of the next step.
  double damping() const { return damping_; }

 private:
  std::vector<nn::NamedParameter<T>> parameters_;
  HessianFreeOptions options_;
  double damping_;
  Array<T> last_;  // the minimiser of the last model
};

}  // namespace xgrad::optim
