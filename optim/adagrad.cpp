#include <optim/adagrad.hpp>
#include <optim/rule.hpp>

#include <cmath>

namespace xgrad::optim {

template <class T>
Adagrad<T>::Adagrad(const std::vector<nn::NamedParameter<T>>& parameters, const AdagradOptions& options)
    : Optimizer<T>("Adagrad", parameters, detail::common(options), {"squares"}), options_(options) {
  detail::check_not_negative("Adagrad", "epsilon", options.epsilon);
  detail::check_not_negative("Adagrad", "initial_accumulator_value", options.initial_accumulator_value);
}

template <class T>
Adagrad<T>::Adagrad(const std::vector<ParameterHandle<T>>& parameters, const AdagradOptions& options)
    : Adagrad(detail::numbered(parameters), options) {}

template <class T>
void Adagrad<T>::update(std::size_t i, const Common& common, T* w, const T* gradient, std::size_t size) {
  T* s = this->memory(0, i);
  const T initial = static_cast<T>(options_.initial_accumulator_value);
  const T epsilon = static_cast<T>(options_.epsilon);
  detail::for_entries(size, [=](std::size_t k) {
    const T g = common.clip * gradient[k] + common.decay * w[k];
    s[k] += g * g;
    w[k] -= common.rate * g / (std::sqrt(s[k] + initial) + epsilon);
  });
}

template class Adagrad<float>;
template class Adagrad<double>;

}  // namespace xgrad::optim
