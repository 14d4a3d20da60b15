#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/normalization.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/normalization.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/tape_input.hpp>

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <numeric>
#include <vector>

namespace xgrad {
namespace {

/// What the pullback keeps besides x and the weight.
template <class T>
struct Normalization {
  Moments<T> moments;
  Array<T> inverse;  // 1 / sqrt(s^2 + epsilon)
  double epsilon;
};

template <class T>
void check(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias, double epsilon) {
  if (x.dimension() < 2 || x.size() == 0) {
    throw ShapeError(fmt::format("batch_norm: x of shape {}; expected {{..., C}} with at least one entry",
                                 to_string(x.shape())));
  }
  const Shape wanted{x.shape().back()};
  if (weight.shape() != wanted || bias.shape() != wanted) {
    throw ShapeError(fmt::format("batch_norm: weight {} and bias {} for x of shape {}; expected {} for both",
                                 to_string(weight.shape()), to_string(bias.shape()), to_string(x.shape()),
                                 to_string(wanted)));
  }
  if (!(std::isfinite(epsilon) && epsilon >= 0)) {
    throw ValueError(fmt::format("batch_norm: epsilon = {}; expected a finite number >= 0", epsilon));
  }
}

/// The mean and variance of each channel in one pass. Deviations are taken from the first row, which is about
/// as far from the mean as any other, to avoid cancellation.
template <class T>
Moments<T> moments_of(const Array<T>& x, std::size_t rows, std::size_t channels) {
  const T* values = x.data();
  const T* shift = values;
  const auto sums =
      kernels::channel_sums<T>(rows, channels, [=](std::size_t r, std::size_t c, T& sum, T& squares) {
        const T deviation = values[r * channels + c] - shift[c];
        sum += deviation;
        squares += deviation * deviation;
      });
  Moments<T> moments{Array<T>(Shape{channels}), Array<T>(Shape{channels})};
  for (std::size_t c = 0; c < channels; ++c) {
    const auto count = static_cast<double>(rows);
    const double mean = sums.data()[c] / count;
    moments.mean.data()[c] = static_cast<T>(static_cast<double>(shift[c]) + mean);
    const double variance = sums.data()[channels + c] / count - mean * mean;
    moments.variance.data()[c] = static_cast<T>(variance < 0 ? 0 : variance);
  }
  return moments;
}

/// All axes but the last.
template <class T>
std::vector<std::ptrdiff_t> outer_axes(const Variable<T>& x) {
  std::vector<std::ptrdiff_t> axes(x.dimension() - 1);
  std::iota(axes.begin(), axes.end(), 0);
  return axes;
}

/// (x - mean) scale + bias, channel by channel.
template <class T>
void apply(const Array<T>& x, const Array<T>& mean, const Array<T>& scale, const Array<T>& bias,
           Array<T>& y) {
  const T* from = x.data();
  const T* centre = mean.data();
  const T* s = scale.data();
  const T* b = bias.data();
  T* out = y.data();
  kernels::map_channels(x.size() / scale.size(), scale.size(),
                        [=](std::size_t c, std::size_t i) { out[i] = (from[i] - centre[c]) * s[c] + b[c]; });
}

/// The cotangents of x, weight and bias, as a formula.
template <class T>
std::vector<Variable<T>> gradient_formula(const Variable<T>& g, const Variable<T>& x,
                                          const Variable<T>& weight, double epsilon) {
  const std::vector<std::ptrdiff_t> axes = outer_axes(x);
  const Variable<T> centred = x - mean(x, axes, keep_dims);
  const Variable<T> inverse = T(1) / sqrt(mean(square(centred), axes, keep_dims) + epsilon);
  const Variable<T> normal = centred * inverse;
  return {weight * inverse * (g - mean(g, axes, keep_dims) - normal * mean(g * normal, axes, keep_dims)),
          sum(g * normal, axes), sum(g, axes)};
}

/// One of the cotangents of the formula, with a value that is known already; its derivatives are those of the
/// formula.
template <class T>
Variable<T> known_gradient(std::size_t number, Array<T> value, const Variable<T>& g, const Variable<T>& x,
                           const Variable<T>& weight, double epsilon) {
  return operation("batch_norm_gradient", std::move(value), {g, x, weight}, [=](const Variable<T>& gg) {
    Tape tape;
    const std::vector<Variable<T>> inputs{detail::new_input(g), detail::new_input(x),
                                          detail::new_input(weight)};
    const auto result = gradient_formula(inputs[0], inputs[1], inputs[2], epsilon)[number];
    return tape.gradient(detail::as_result(result), inputs, gg);
  });
}

/// The cotangents of x, weight and bias, computed in two passes over plain arrays.
template <class T>
std::vector<Variable<T>> gradient(const Variable<T>& g, const Variable<T>& x, const Variable<T>& weight,
                                  const Normalization<T>& known) {
  const std::size_t channels = weight.size();
  const std::size_t rows = x.size() / channels;
  const T* slope = g.value().data();
  const T* values = x.value().data();
  const T* centre = known.moments.mean.data();
  const T* inverse = known.inverse.data();
  const auto sums =
      kernels::channel_sums<T>(rows, channels, [=](std::size_t r, std::size_t c, T& by_bias, T& by_weight) {
        const std::size_t i = r * channels + c;
        by_bias += slope[i];
        by_weight += slope[i] * ((values[i] - centre[c]) * inverse[c]);
      });
  Array<T> by_bias(Shape{channels}), by_weight(Shape{channels}), by_x(x.shape());
  Array<T> scale(Shape{channels}), mean_slope(Shape{channels}), along(Shape{channels});
  for (std::size_t c = 0; c < channels; ++c) {
    by_bias.data()[c] = static_cast<T>(sums.data()[c]);
    by_weight.data()[c] = static_cast<T>(sums.data()[channels + c]);
    scale.data()[c] = weight.value().data()[c] * inverse[c];
    mean_slope.data()[c] = static_cast<T>(sums.data()[c] / static_cast<double>(rows));
    along.data()[c] = static_cast<T>(sums.data()[channels + c] / static_cast<double>(rows)) * inverse[c];
  }
  const T* s = scale.data();
  const T* m = mean_slope.data();
  const T* a = along.data();
  T* out = by_x.data();
  kernels::map_channels(rows, channels, [=](std::size_t c, std::size_t i) {
    out[i] = s[c] * (slope[i] - m[c] - (values[i] - centre[c]) * a[c]);
  });
  return {known_gradient(0, std::move(by_x), g, x, weight, known.epsilon),
          known_gradient(1, std::move(by_weight), g, x, weight, known.epsilon),
          known_gradient(2, std::move(by_bias), g, x, weight, known.epsilon)};
}

}  // namespace

template <class T>
Variable<T> batch_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                       double epsilon, Moments<T>* moments) {
  check(x, weight, bias, epsilon);
  const std::size_t channels = weight.size();
  const std::size_t rows = x.size() / channels;
  auto known = detail::make_pooled<Normalization<T>>(
      Normalization<T>{moments_of(x.value(), rows, channels), Array<T>(Shape{channels}), epsilon});
  Array<T> scale(Shape{channels});
  for (std::size_t c = 0; c < channels; ++c) {
    const double variance = static_cast<double>(known->moments.variance.data()[c]);
    known->inverse.data()[c] = static_cast<T>(1 / std::sqrt(variance + epsilon));
    scale.data()[c] = known->inverse.data()[c] * weight.value().data()[c];
  }
  if (moments != nullptr) *moments = known->moments;
  Array<T> value(x.shape());
  apply(x.value(), known->moments.mean, scale, bias.value(), value);
  return operation("batch_norm", std::move(value), {x, weight, bias},
                   [x, weight, known](const Variable<T>& g) { return gradient(g, x, weight, *known); });
}

template <class T>
Variable<T> batch_norm(const Variable<T>& x, const Variable<T>& weight, const Variable<T>& bias,
                       const Moments<T>& known, double epsilon) {
  check(x, weight, bias, epsilon);
  if (known.mean.shape() != weight.shape() || known.variance.shape() != weight.shape()) {
    throw ShapeError(fmt::format("batch_norm: moments {} and {} for x of shape {}; expected {} for both",
                                 to_string(known.mean.shape()), to_string(known.variance.shape()),
                                 to_string(x.shape()), to_string(weight.shape())));
  }
  const std::size_t channels = weight.size();
  Array<T> inverse(Shape{channels}), scale(Shape{channels});
  for (std::size_t c = 0; c < channels; ++c) {
    inverse(c) = static_cast<T>(1 / std::sqrt(static_cast<double>(known.variance(c)) + epsilon));
    scale(c) = inverse(c) * weight.value()(c);
  }
  Array<T> value(x.shape());
  apply(x.value(), known.mean, scale, bias.value(), value);
  const Variable<T> mean = constant(Array<T>(known.mean));
  const Variable<T> factor = constant(std::move(inverse));
  const std::vector<std::ptrdiff_t> axes = outer_axes(x);
  return operation("batch_norm", std::move(value),
                   {{x, [weight, factor](const Variable<T>& g) { return g * (weight * factor); }},
                    {weight, [x, mean, factor,
                              axes](const Variable<T>& g) { return sum(g * ((x - mean) * factor), axes); }},
                    {bias, [axes](const Variable<T>& g) { return sum(g, axes); }}});
}

#define XGRAD_INSTANTIATE(T)                                                                             \
  template Variable<T> batch_norm<T>(const Variable<T>&, const Variable<T>&, const Variable<T>&, double, \
                                     Moments<T>*);                                                       \
  template Variable<T> batch_norm<T>(const Variable<T>&, const Variable<T>&, const Variable<T>&,         \
                                     const Moments<T>&, double);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
