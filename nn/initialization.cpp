#include <autodiff/error.hpp>
#include <nn/initialization.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace xgrad::nn {
namespace {

template <class T>
Array<T> symmetric_uniform(const Shape& shape, double bound, Generator& generator) {
  return random_uniform<T>(shape, static_cast<T>(-bound), static_cast<T>(bound), generator);
}

template <class T>
Array<T> centered_normal(const Shape& shape, double variance, Generator& generator) {
  return random_normal<T>(shape, T(0), static_cast<T>(std::sqrt(variance)), generator);
}

double fan_in(const Shape& weight) { return static_cast<double>(fans(weight).in); }

double fan_sum(const Shape& weight) {
  const auto [in, out] = fans(weight);
  return static_cast<double>(in + out);
}

}  // namespace

Fans fans(const Shape& weight) {
  if (weight.size() < 2) {
    throw ShapeError(fmt::format("fans: expected weights {{out, in}} or {{out, kH, kW, in}}, got shape {}",
                                 to_string(weight)));
  }
  std::size_t window = 1;
  for (std::size_t axis = 1; axis + 1 < weight.size(); ++axis) window *= weight[axis];
  return {window * weight.back(), window * weight.front()};
}

template <class T>
Array<T> glorot_uniform(const Shape& weight, Generator& generator) {
  return symmetric_uniform<T>(weight, std::sqrt(6 / fan_sum(weight)), generator);
}

template <class T>
Array<T> glorot_normal(const Shape& weight, Generator& generator) {
  return centered_normal<T>(weight, 2 / fan_sum(weight), generator);
}

template <class T>
Array<T> he_uniform(const Shape& weight, Generator& generator) {
  return symmetric_uniform<T>(weight, std::sqrt(6 / fan_in(weight)), generator);
}

template <class T>
Array<T> he_normal(const Shape& weight, Generator& generator) {
  return centered_normal<T>(weight, 2 / fan_in(weight), generator);
}

template <class T>
Initializer<T> sparse_normal(std::size_t connections, double deviation) {
  if (connections == 0) throw ValueError("sparse_normal: expected at least 1 connection, got 0");
  if (!(std::isfinite(deviation) && deviation >= 0)) {
    throw ValueError(fmt::format("sparse_normal: expected a finite deviation >= 0, got {}", deviation));
  }
  return [=](const Shape& shape, Generator& generator) {
    const std::size_t inputs = fans(shape).in;
    Array<T> weight = full<T>(shape, T(0));
    for (std::size_t unit = 0; unit < shape[0]; ++unit) {
      const std::vector<std::size_t> order = random_permutation(inputs, generator);
      const std::size_t count = std::min(connections, inputs);
      const Array<T> values = random_normal<T>({count}, T(0), static_cast<T>(deviation), generator);
      for (std::size_t i = 0; i < count; ++i) weight.data()[unit * inputs + order[i]] = values(i);
    }
    return weight;
  };
}

#define XGRAD_INSTANTIATE(T)                                     \
  template Initializer<T> sparse_normal<T>(std::size_t, double); \
  template Array<T> glorot_uniform<T>(const Shape&, Generator&); \
  template Array<T> glorot_normal<T>(const Shape&, Generator&);  \
  template Array<T> he_uniform<T>(const Shape&, Generator&);     \
  template Array<T> he_normal<T>(const Shape&, Generator&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn
