#include <autodiff/error.hpp>
#include <optim/rule.hpp>
#include <optim/sgd.hpp>

#include <fmt/format.h>

namespace xgrad::optim {
namespace {

double checked_momentum(const Schedule& momentum, std::size_t step) {
  const double mu = momentum(step);
  if (!(mu >= 0 && mu <= 1)) {
    throw ValueError(fmt::format("SGD: expected a momentum in [0, 1] at step {1}, got {0}", mu, step));
  }
  return mu;
}

}  // namespace

template <class T>
SGD<T>::SGD(const std::vector<nn::NamedParameter<T>>& parameters, const SGDOptions& options)
    : Optimizer<T>("SGD", parameters, detail::common(options), {"velocity"}),
      momentum_(options.momentum),
      nesterov_(options.nesterov) {
  checked_momentum(momentum_, 0);
}

template <class T>
SGD<T>::SGD(const std::vector<ParameterHandle<T>>& parameters, const SGDOptions& options)
    : SGD(detail::numbered(parameters), options) {}

template <class T>
void SGD<T>::prepare() {
  mu_ = static_cast<T>(checked_momentum(momentum_, this->steps()));
}

template <class T>
void SGD<T>::update(std::size_t i, const Common& common, T* w, const T* gradient, std::size_t size) {
  if (momentum_.is_constant() && mu_ == 0) {  // the velocity is never needed
    detail::for_entries(size, [=](std::size_t k) {
      w[k] -= common.rate * (common.clip * gradient[k] + common.decay * w[k]);
    });
    return;
  }
  T* v = this->memory(0, i);
  const T mu = mu_;
  if (nesterov_) {
    detail::for_entries(size, [=](std::size_t k) {
      const T descent = common.rate * (common.clip * gradient[k] + common.decay * w[k]);
      v[k] = mu * v[k] - descent;
      w[k] += mu * v[k] - descent;
    });
  } else {
    detail::for_entries(size, [=](std::size_t k) {
      v[k] = mu * v[k] - common.rate * (common.clip * gradient[k] + common.decay * w[k]);
      w[k] += v[k];
    });
  }
}

template class SGD<float>;
template class SGD<double>;

}  // namespace xgrad::optim
