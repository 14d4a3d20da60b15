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

/// How Hessian-free optimisation goes.
struct HessianFreeOptions {
  double damping = 1;         ///< lambda >= 0 at first: lambda times the identity is added to the curvature
  bool adapt_damping = true;  ///< by the ratio of the decrease to that of the quadratic model (section 4.1)
  std::size_t iterations = 100;  ///< of conjugate gradients in a step, at most
  double tolerance =
      5e-4;             ///< conjugate gradients end when the model's progress falls below this (section 4.4)
  double decay = 0.95;  ///< the share of the last step that the next search starts from (section 4.8)
};

/// What a step did.
struct HessianFreeStep {
  double loss_before = 0;
  double loss_after = 0;
  double ratio = 0;            ///< of the decrease to that of the quadratic model
  double damping = 0;          ///< lambda for the next step
  std::size_t iterations = 0;  ///< of conjugate gradients
};

namespace detail {

/// Minimises g p + p (G + lambda) p / 2 by conjugate gradients from `start`; returns the iterates that were
/// kept, the last of them the best (Martens 2010, section 4.6).
template <class T>
XGRAD_API std::vector<Array<T>> conjugate_gradients(const std::function<Array<T>(const Array<T>&)>& product,
                                                    const Array<T>& gradient, const Array<T>& start,
                                                    std::size_t iterations, double tolerance,
                                                    std::size_t& done);

/// The product of the Gauss-Newton matrix J^T H J with v, where J is the Jacobian of the outputs by all
/// parameters and H the Hessian of the loss by the outputs.
template <class T>
XGRAD_API Array<T> gauss_newton_product(const std::vector<nn::NamedParameter<T>>& parameters,
                                        const std::function<Variable<T>()>& outputs,
                                        const std::function<Variable<T>(const Variable<T>&)>& loss,
                                        const Array<T>& v);

}  // namespace detail

/// The product of the Gauss-Newton matrix with a vector v as long as all parameters together, without the
/// matrix: a forward derivative J v, a product with the Hessian of the loss by the outputs, and a pass
/// backward (Schraudolph, Fast curvature matrix-vector products, 2002). `outputs` computes the network's
/// outputs anew, `loss` the loss from them. For a convex loss the matrix is positive semidefinite; where the
/// outputs are linear in the parameters it is the Hessian.
template <class T, class Outputs, class Loss>
Array<T> gauss_newton_product(const std::vector<nn::NamedParameter<T>>& parameters, const Outputs& outputs,
                              const Loss& loss, const Array<T>& v) {
  return detail::gauss_newton_product<T>(parameters, outputs, loss, v);
}

/// Hessian-free optimisation (Martens, Deep learning via Hessian-free optimization, 2010; reference [6] of
/// the note is its sequel): each step minimises the quadratic model of the loss with the damped Gauss-Newton
/// matrix by conjugate gradients, goes back along their iterates and along the line to the smallest loss, and
/// adapts the damping by the Levenberg-Marquardt rule (section 4.1). For batches large enough that the loss
/// of one is that of all.
///
///     optim::HessianFree<double> hf(nn::parameters(net));
///     for (...) hf.step([&] { return net(images); }, [&](const auto& y) { return nn::cross_entropy(y,
///     labels); });
template <class T>
class XGRAD_API HessianFree {
 public:
  /// Throws ValueError where there are no parameters or an option is out of its range.
  explicit HessianFree(std::vector<nn::NamedParameter<T>> parameters, const HessianFreeOptions& options = {});

  /// One step. `outputs` computes the network's outputs with the present parameters, `loss` one number from
  /// them; both are called many times and have to give the same each time (no dropout). A step that cannot
  /// make the loss smaller leaves the parameters and raises the damping. Throws ValueError where the loss is
  /// not finite before the step.
  HessianFreeStep step(const std::function<Variable<T>()>& outputs,
                       const std::function<Variable<T>(const Variable<T>&)>& loss);

  /// lambda.
  double damping() const { return damping_; }

 private:
  std::vector<nn::NamedParameter<T>> parameters_;
  HessianFreeOptions options_;
  double damping_;
  Array<T> last_;  // the minimum of the last model
};

}  // namespace xgrad::optim
