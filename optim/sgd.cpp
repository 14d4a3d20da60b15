#include <autodiff/error.hpp>
#include <autodiff/kernels/parallel.hpp>
#include <optim/clipping.hpp>
#include <optim/sgd.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad::optim {
namespace {

constexpr std::size_t grain = std::size_t{1} << 15;  // entries that are worth a thread

double checked_rate(const Schedule& learning_rate, std::size_t step) {
  const double rate = learning_rate(step);
  if (!(std::isfinite(rate) && rate >= 0)) {
    throw ValueError(fmt::format("SGD: a learning rate of {} came for step {}, expected a finite number >= 0",
                                 rate, step));
  }
  return rate;
}

double checked_momentum(const Schedule& momentum, std::size_t step) {
  const double mu = momentum(step);
  if (!(mu >= 0 && mu <= 1)) {
    throw ValueError(
        fmt::format("SGD: a momentum of {} came for step {}, expected a number in [0, 1]", mu, step));
  }
  return mu;
}

void check_not_negative(const char* option, double value) {
  if (!(std::isfinite(value) && value >= 0)) {
    throw ValueError(fmt::format("SGD: {} = {} came, expected a finite number >= 0", option, value));
  }
}

/// w <- w - alpha (clip g + lambda w)
template <class T, class Rule>
void descend(T* w, const T* g, std::size_t size, const Rule& rule) {
  kernels::parallel_for(size, grain, [=](std::size_t begin, std::size_t end) {
#pragma omp simd
    for (std::size_t i = begin; i < end; ++i) w[i] -= rule.rate * (rule.clip * g[i] + rule.decay * w[i]);
  });
}

/// v <- mu v - alpha (clip g + lambda w), w <- w + v
template <class T, class Rule>
void descend_with_momentum(T* w, T* v, const T* g, std::size_t size, const Rule& rule) {
  kernels::parallel_for(size, grain, [=](std::size_t begin, std::size_t end) {
#pragma omp simd
    for (std::size_t i = begin; i < end; ++i) {
      v[i] = rule.momentum * v[i] - rule.rate * (rule.clip * g[i] + rule.decay * w[i]);
      w[i] += v[i];
    }
  });
}

}  // namespace

template <class T>
SGD<T>::SGD(const std::vector<nn::NamedParameter<T>>& parameters, const SGDOptions& options)
    : SGD(detail::handles(parameters), options) {}

template <class T>
SGD<T>::SGD(const std::vector<ParameterHandle<T>>& parameters, const SGDOptions& options)
    : options_(options) {
  for (const auto& parameter : parameters) {
    const auto end = parameters_.end();
    if (std::find(parameters_.begin(), end, parameter) == end) parameters_.push_back(parameter);
  }
  if (parameters_.empty()) throw ValueError("SGD: no parameters came, expected at least one");
  velocities_.resize(parameters_.size());
  checked_rate(options_.learning_rate, 0);
  checked_momentum(options_.momentum, 0);
  check_not_negative("weight_decay", options_.weight_decay);
  check_not_negative("clip_norm", options_.clip_norm);
}

template <class T>
double SGD<T>::clip_factor() const {
  if (options_.clip_norm == 0) return 1;
  const double norm = grad_norm(parameters_);
  if (!std::isfinite(norm)) {
    throw ValueError(fmt::format(
        "SGD: the norm of the gradients is {} at step {}, expected a finite number to clip", norm, steps_));
  }
  return norm > options_.clip_norm ? options_.clip_norm / norm : 1;
}

template <class T>
void SGD<T>::update(std::size_t i, const Rule& rule) {
  ParameterHandle<T>& parameter = parameters_[i];
  const T* gradient = parameter.grad().data();
  if (options_.momentum.is_constant() && rule.momentum == 0) {  // no later step needs the velocity
    descend(parameter.mutable_value().data(), gradient, parameter.size(), rule);
    return;
  }
  auto& velocity = velocities_[i];
  if (!velocity || velocity->shape() != parameter.shape()) velocity = full<T>(parameter.shape(), T(0));
  descend_with_momentum(parameter.mutable_value().data(), velocity->data(), gradient, parameter.size(), rule);
}

template <class T>
void SGD<T>::step() {
  const Rule rule{.rate = static_cast<T>(checked_rate(options_.learning_rate, steps_)),
                  .momentum = static_cast<T>(checked_momentum(options_.momentum, steps_)),
                  .decay = static_cast<T>(options_.weight_decay),
                  .clip = static_cast<T>(clip_factor())};
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (parameters_[i].has_grad()) update(i, rule);
  }
  clear_grad();
  ++steps_;
}

template <class T>
void SGD<T>::clear_grad() {
  for (auto& parameter : parameters_) parameter.clear_grad();
}

template <class T>
void SGD<T>::set_learning_rate(const Schedule& learning_rate) {
  checked_rate(learning_rate, steps_);
  options_.learning_rate = learning_rate;
}

template <class T>
void SGD<T>::reset() {
  steps_ = 0;
  for (auto& velocity : velocities_) velocity.reset();
}

template class SGD<float>;
template class SGD<double>;

}  // namespace xgrad::optim
