#include <optim/adam.hpp>
#include <optim/rule.hpp>

#include <algorithm>
#include <cmath>

namespace xgrad::optim {
namespace {

std::vector<std::string> memories(const AdamOptions& options) {
  std::vector<std::string> names{"first_moment", "second_moment"};
  if (options.amsgrad) names.emplace_back("largest_second_moment");
  return names;
}

}  // namespace

template <class T>
Adam<T>::Adam(const char* name, const std::vector<nn::NamedParameter<T>>& parameters,
              const AdamOptions& options, bool decoupled)
    : Optimizer<T>(name, parameters, detail::common(options), memories(options)),
      options_(options),
      decoupled_(decoupled) {
  detail::check_coefficient(name, "beta1", options.beta1);
  detail::check_coefficient(name, "beta2", options.beta2);
  detail::check_not_negative(name, "epsilon", options.epsilon);
}

template <class T>
Adam<T>::Adam(const std::vector<nn::NamedParameter<T>>& parameters, const AdamOptions& options)
    : Adam("Adam", parameters, options, false) {}

template <class T>
Adam<T>::Adam(const std::vector<ParameterHandle<T>>& parameters, const AdamOptions& options)
    : Adam(detail::numbered(parameters), options) {}

template <class T>
void Adam<T>::update(std::size_t i, const Common& common, T* w, const T* gradient, std::size_t size) {
  T* m = this->memory(0, i);
  T* s = this->memory(1, i);
  T* largest = options_.amsgrad ? this->memory(2, i) : s;
  const auto t = static_cast<double>(this->updates(i));
  const T beta1 = static_cast<T>(options_.beta1);
  const T beta2 = static_cast<T>(options_.beta2);
  const T gain1 = static_cast<T>(1 - options_.beta1);
  const T gain2 = static_cast<T>(1 - options_.beta2);
  const T step = static_cast<T>(static_cast<double>(common.rate) / (1 - std::pow(options_.beta1, t)));
  const T correction = static_cast<T>(1 / std::sqrt(1 - std::pow(options_.beta2, t)));
  const T epsilon = static_cast<T>(options_.epsilon);
  const T shrink = decoupled_ ? 1 - common.rate * common.decay : T(1);
  const T coupled = decoupled_ ? T(0) : common.decay;
  const T clip = common.clip;
  detail::for_entries(size, [=](std::size_t k) {
    const T g = clip * gradient[k] + coupled * w[k];
    m[k] = beta1 * m[k] + gain1 * g;
    s[k] = beta2 * s[k] + gain2 * g * g;
    largest[k] = std::max(largest[k], s[k]);  // without amsgrad, largest is s
    w[k] = shrink * w[k] - step * m[k] / (std::sqrt(largest[k]) * correction + epsilon);
  });
}

template <class T>
AdamW<T>::AdamW(const std::vector<nn::NamedParameter<T>>& parameters, const AdamOptions& options)
    : Adam<T>("AdamW", parameters, options, true) {}

template <class T>
AdamW<T>::AdamW(const std::vector<ParameterHandle<T>>& parameters, const AdamOptions& options)
    : AdamW(detail::numbered(parameters), options) {}

template class Adam<float>;
template class Adam<double>;
template class AdamW<float>;
template class AdamW<double>;

}  // namespace xgrad::optim
