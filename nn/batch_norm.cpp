#include <autodiff/error.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/normalization.hpp>
#include <nn/batch_norm.hpp>

#include <fmt/format.h>

#include <cmath>

namespace xgrad::nn {
namespace detail {

template <class T>
BatchNorm<T>::BatchNorm(const char* name, std::size_t channels, const BatchNormOptions& chosen)
    : options(chosen), channels_(channels) {
  if (channels == 0) throw ValueError(fmt::format("{}: expected at least 1 channel, got 0", name));
  if (!(std::isfinite(options.epsilon) && options.epsilon >= 0)) {
    throw ValueError(fmt::format("{}: expected a finite epsilon >= 0, got {}", name, options.epsilon));
  }
  if (!(options.momentum >= 0 && options.momentum <= 1)) {
    throw ValueError(fmt::format("{}: expected momentum in [0, 1], got {}", name, options.momentum));
  }
  const Shape shape{channels};
  if (options.affine) {
    weight = Parameter<T>(full<T>(shape, T(1)));
    bias = Parameter<T>(full<T>(shape, T(0)));
  }
  if (options.track_running_stats) {
    running_mean = Buffer<T>(full<T>(shape, T(0)));
    running_var = Buffer<T>(full<T>(shape, T(1)));
  } else {
    running_mean = running_var = Buffer<T>::none();
  }
}

namespace {

/// running <- (1 - momentum) running + momentum correction new
template <class T>
void follow(Buffer<T>& running, const Array<T>& batch, double momentum, double correction) {
  Array<T>& values = running.mutable_value();
  for (std::size_t c = 0; c < values.size(); ++c) {
    values.data()[c] = static_cast<T>((1 - momentum) * static_cast<double>(values.data()[c]) +
                                      momentum * correction * static_cast<double>(batch.data()[c]));
  }
}

}  // namespace

template <class T>
Variable<T> BatchNorm<T>::apply(const char* name, const Variable<T>& x) {
  if (x.shape().back() != channels_) {
    throw ShapeError(fmt::format("{0}: expected {2} channels on the last axis, got an input of shape {1}",
                                 name, to_string(x.shape()), channels_));
  }
  const Shape shape{channels_};
  const Variable<T> scale = options.affine ? Variable<T>(weight) : constant(full<T>(shape, T(1)));
  const Variable<T> shift = options.affine ? Variable<T>(bias) : constant(full<T>(shape, T(0)));
  if (!training && options.track_running_stats) {
    return batch_norm(x, scale, shift, Moments<T>{running_mean.value(), running_var.value()},
                      options.epsilon);
  }
  const std::size_t count = x.size() / channels_;
  if (training && count == 1) {
    throw ValueError(
        fmt::format("{}: expected more than one value per channel in training, got an input of shape {}: the "
                    "variance of one value is 0; if it is the last batch of a DataLoader, omit it with "
                    "{{.batch = ..., .drop_last = true}}; to predict, call nn::eval(net) first",
                    name, to_string(x.shape())));
  }
  Moments<T> moments;
  Variable<T> y = batch_norm(x, scale, shift, options.epsilon, &moments);
  if (training && options.track_running_stats) {
    const auto n = static_cast<double>(count);
    follow(running_mean, moments.mean, options.momentum, 1);
    follow(running_var, moments.variance, options.momentum, n / (n - 1));
  }
  return y;
}

template class BatchNorm<float>;
template class BatchNorm<double>;

}  // namespace detail

template <class T>
Variable<T> BatchNorm2d<T>::operator()(const Variable<T>& images) {
  if (images.dimension() != 4) {
    throw ShapeError(
        fmt::format("BatchNorm2d: expected images {{N, H, W, C}}, got shape {}", to_string(images.shape())));
  }
  return this->apply("BatchNorm2d", images);
}

template <class T>
Variable<T> BatchNorm1d<T>::operator()(const Variable<T>& x) {
  if (x.dimension() != 2 && x.dimension() != 3) {
    throw ShapeError(
        fmt::format("BatchNorm1d: expected {{N, C}} or {{N, L, C}}, got shape {}", to_string(x.shape())));
  }
  return this->apply("BatchNorm1d", x);
}

template class BatchNorm2d<float>;
template class BatchNorm2d<double>;
template class BatchNorm1d<float>;
template class BatchNorm1d<double>;

}  // namespace xgrad::nn
