#include <autodiff/error.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/reduction.hpp>
#include <optim/minimizers/hessian_free.hpp>
#include <optim/minimizers/vectors.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xgrad::optim {
namespace detail {
namespace {

/// Splits a vector into parts with the shapes of the parameters.
template <class T>
std::vector<Variable<T>> parts_of(const std::vector<nn::NamedParameter<T>>& parameters, const Array<T>& v) {
  std::vector<Variable<T>> parts;
  const T* from = v.data();
  for (const auto& each : parameters) {
    Array<T> part(each.parameter.shape());
    std::copy_n(from, part.size(), part.data());
    from += part.size();
    parts.emplace_back(std::move(part));
  }
  return parts;
}

}  // namespace

template <class T>
Array<T> gauss_newton_product(const std::vector<nn::NamedParameter<T>>& parameters,
                              const std::function<Variable<T>()>& outputs,
                              const std::function<Variable<T>(const Variable<T>&)>& loss, const Array<T>& v) {
  std::vector<Variable<T>> weights;
  for (const auto& each : parameters) weights.push_back(each.parameter.variable());
  const std::vector<Variable<T>> direction = parts_of(parameters, v);

  // J v: u^T J v is linear in u; its derivative with respect to u is J v.
  Tape linear;
  Tape tape;
  const Variable<T> y = xgrad::detail::as_result(outputs());
  const Variable<T> u = xgrad::detail::new_input(Variable<T>(full<T>(y.shape(), T(0))));
  const std::vector<Variable<T>> pulled = tape.gradient(y, weights, u);
  Variable<T> along(full<T>({}, T(0)));
  for (std::size_t i = 0; i < pulled.size(); ++i) along = along + sum(pulled[i] * direction[i]);
  const Variable<T> pushed = linear.gradient(xgrad::detail::as_result(along), u);

  // H J v: the derivative along J v of the loss's gradient with respect to the outputs.
  const Variable<T> curved = [&] {
    Tape outer;
    const Variable<T> at = xgrad::detail::new_input(Variable<T>(Array<T>(y.value())));
    const Variable<T> slope = [&] {
      Tape inner;
      const Variable<T> value = loss(at);
      return inner.gradient(xgrad::detail::as_result(value), at);
    }();
    return outer.gradient(xgrad::detail::as_result(slope), at, Variable<T>(Array<T>(pushed.value())));
  }();

  Array<T> result(v.shape());
  T* to = result.data();
  for (const auto& each : tape.gradient(y, weights, Variable<T>(Array<T>(curved.value())))) {
    to = std::copy_n(each.value().data(), each.size(), to);
  }
  return result;
}

template <class T>
std::vector<Array<T>> conjugate_gradients(const std::function<Array<T>(const Array<T>&)>& product,
                                          const Array<T>& gradient, const Array<T>& start,
                                          std::size_t iterations, double tolerance, std::size_t& done) {
  Array<T> x = start;
  Array<T> residual = product(x);  // A x + gradient
  add(residual, 1, gradient);
  Array<T> direction = times(-1, residual);
  double square = dot(residual, residual);
  const double target = square * 1e-24;
  std::vector<double> models{0.5 * (dot(x, residual) + dot(x, gradient))};  // g x + x A x / 2
  std::vector<Array<T>> kept;
  double next_kept = 1;
  for (done = 0; done < iterations && square > target;) {
    const Array<T> image = product(direction);
    const double curvature = dot(direction, image);
    if (!(curvature > 0)) break;
    const double step = square / curvature;
    add(x, step, direction);
    add(residual, step, image);
    const double next = dot(residual, residual);
    direction = plus(times(next / square, std::move(direction)), -1, residual);
    square = next;
    ++done;
    models.push_back(0.5 * (dot(x, residual) + dot(x, gradient)));
    if (static_cast<double>(done) >= next_kept) {
      kept.push_back(x);
      next_kept = std::ceil(next_kept * 1.3);
    }
    const std::size_t k = std::max<std::size_t>(10, done / 10);
    if (done > k && models[done] < 0 &&
        (models[done] - models[done - k]) / models[done] < static_cast<double>(k) * tolerance) {
      break;
    }
  }
  if (kept.empty() || !(xt::all(xt::equal(kept.back(), x)))) kept.push_back(x);
  return kept;
}

#define XGRAD_INSTANTIATE(T)                                                                             \
  template Array<T> gauss_newton_product<T>(                                                             \
      const std::vector<nn::NamedParameter<T>>&, const std::function<Variable<T>()>&,                    \
      const std::function<Variable<T>(const Variable<T>&)>&, const Array<T>&);                           \
  template std::vector<Array<T>> conjugate_gradients<T>(const std::function<Array<T>(const Array<T>&)>&, \
                                                        const Array<T>&, const Array<T>&, std::size_t,   \
                                                        double, std::size_t&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace detail

template <class T>
HessianFree<T>::HessianFree(std::vector<nn::NamedParameter<T>> parameters, const HessianFreeOptions& options)
    : parameters_(std::move(parameters)), options_(options), damping_(options.damping) {
  if (parameters_.empty()) throw ValueError("HessianFree: expected at least one parameter, got none");
  if (!(std::isfinite(damping_) && damping_ >= 0)) {
    throw ValueError(fmt::format("HessianFree: expected a finite damping >= 0, got {}", damping_));
  }
  if (!(options.decay >= 0 && options.decay <= 1)) {
    throw ValueError(fmt::format("HessianFree: expected decay in [0, 1], got {}", options.decay));
  }
  if (options.iterations == 0) throw ValueError("HessianFree: expected iterations >= 1, got 0");
}

template <class T>
HessianFreeStep HessianFree<T>::step(const std::function<Variable<T>()>& outputs,
                                     const std::function<Variable<T>(const Variable<T>&)>& loss) {
  const Array<T> w = detail::flat_values(parameters_);
  HessianFreeStep report;
  const Array<T> gradient = [&] {
    Tape tape;
    const Variable<T> value = loss(outputs());
    report.loss_before = static_cast<double>(value.item());
    if (!std::isfinite(report.loss_before)) {
      throw ValueError(fmt::format("HessianFree: expected a finite loss, got {}", report.loss_before));
    }
    tape.backward(value);
    return detail::flat_gradients(parameters_);
  }();

  const std::function<Array<T>(const Array<T>&)> product = [&](const Array<T>& v) {
    Array<T> image = detail::gauss_newton_product<T>(parameters_, outputs, loss, v);
    detail::add(image, damping_, v);
    return image;
  };
  const Array<T> start =
      last_.size() == w.size() ? detail::times(options_.decay, last_) : full<T>(w.shape(), T(0));
  const auto iterates = detail::conjugate_gradients<T>(product, gradient, start, options_.iterations,
                                                       options_.tolerance, report.iterations);

  const auto loss_at = [&](const Array<T>& p, double scale) {
    Array<T> moved = w;
    detail::add(moved, scale, p);
    detail::set_flat_values(parameters_, moved);
    const double value = static_cast<double>(loss(outputs()).item());
    return std::isfinite(value) ? value : std::numeric_limits<double>::infinity();
  };
  // Backtrack along the iterates while the loss decreases (section 4.6).
  std::size_t best = iterates.size() - 1;
  double value = loss_at(iterates[best], 1);
  while (best > 0) {
    const double earlier = loss_at(iterates[best - 1], 1);
    if (earlier >= value) break;
    value = earlier;
    --best;
  }
  const Array<T>& p = iterates[best];
  // The model's change of the loss, including the damping: g p + p (G + lambda) p / 2.
  const double model =
      detail::dot(gradient, iterates.back()) + 0.5 * detail::dot(iterates.back(), product(iterates.back()));
  report.ratio = model < 0 ? (loss_at(iterates.back(), 1) - report.loss_before) / model : 0;
  // Then backtrack along the step until the decrease is sufficient.
  const double slope = detail::dot(gradient, p);
  double scale = 1;
  for (int i = 0; i < 30 && value > report.loss_before + 1e-2 * scale * std::min(slope, 0.0); ++i) {
    scale *= 0.8;
    value = loss_at(p, scale);
  }
  if (value < report.loss_before) {
    loss_at(p, scale);
    report.loss_after = value;
  } else {
    detail::set_flat_values(parameters_, w);
    report.loss_after = report.loss_before;
  }
  last_ = iterates.back();
  if (options_.adapt_damping) {
    if (!(report.ratio >= 0.25)) damping_ *= 1.5;
    if (report.ratio > 0.75) damping_ *= 2.0 / 3;
  }
  report.damping = damping_;
  return report;
}

template class HessianFree<float>;
template class HessianFree<double>;

}  // namespace xgrad::optim
