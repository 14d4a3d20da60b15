#include <optim/rmsprop.hpp>
#include <optim/rule.hpp>

#include <cmath>

namespace xgrad::optim {
namespace {

constexpr std::size_t squares = 0;
constexpr std::size_t velocity = 1;
constexpr std::size_t mean = 2;

}  // namespace

template <class T>
RMSprop<T>::RMSprop(const std::vector<nn::NamedParameter<T>>& parameters, const RMSpropOptions& options)
    : Optimizer<T>("RMSprop", parameters, detail::common(options), {"squares", "velocity", "mean"}),
      options_(options) {
  detail::check_coefficient("RMSprop", "decay", options.decay);
  detail::check_coefficient("RMSprop", "momentum", options.momentum);
  detail::check_not_negative("RMSprop", "epsilon", options.epsilon);
}

template <class T>
RMSprop<T>::RMSprop(const std::vector<ParameterHandle<T>>& parameters, const RMSpropOptions& options)
    : RMSprop(detail::numbered(parameters), options) {}

template <class T>
void RMSprop<T>::update(std::size_t i, const Common& common, T* w, const T* gradient, std::size_t size) {
  T* s = this->memory(squares, i);
  const T decay = static_cast<T>(options_.decay);
  const T gain = static_cast<T>(1 - options_.decay);
  const T epsilon = static_cast<T>(options_.epsilon);
  const auto descend = [=](std::size_t k, T g, T deviation, T* v, T momentum) {
    const T direction = g / (deviation + epsilon);
    const T along = v == nullptr ? direction : v[k] = momentum * v[k] + direction;
    w[k] -= common.rate * along;
  };
  T* v = options_.momentum == 0 ? nullptr : this->memory(velocity, i);
  const T momentum = static_cast<T>(options_.momentum);
  if (options_.centered) {
    T* a = this->memory(mean, i);
    detail::for_entries(size, [=](std::size_t k) {
      const T g = common.clip * gradient[k] + common.decay * w[k];
      s[k] = decay * s[k] + gain * g * g;
      a[k] = decay * a[k] + gain * g;
      descend(k, g, std::sqrt(s[k] - a[k] * a[k]), v, momentum);
    });
  } else {
    detail::for_entries(size, [=](std::size_t k) {
      const T g = common.clip * gradient[k] + common.decay * w[k];
      s[k] = decay * s[k] + gain * g * g;
      descend(k, g, std::sqrt(s[k]), v, momentum);
    });
  }
}

template class RMSprop<float>;
template class RMSprop<double>;

}  // namespace xgrad::optim
