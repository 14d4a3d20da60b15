#include <autodiff/error.hpp>
#include <autodiff/kernels/parallel.hpp>
#include <optim/clipping.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace xgrad::optim {
namespace {

// Sums are accumulated by blocks, so that their rounding does not depend on the number of threads.
constexpr std::size_t block = std::size_t{1} << 14;
constexpr std::size_t blocks_per_thread = 4;

template <class T>
double sum_of_squares(const T* x, std::size_t size, double scale) {
  // Independent partial sums: a single one would be limited by the latency of each addition.
  constexpr std::size_t lanes = 32;
  std::array<double, lanes> sums{};
  const std::size_t whole = size / lanes * lanes;
  for (std::size_t i = 0; i < whole; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      const double scaled = scale * static_cast<double>(x[i + k]);
      sums[k] += scaled * scaled;
    }
  }
  double sum = 0;
  for (std::size_t i = whole; i < size; ++i) {
    const double scaled = scale * static_cast<double>(x[i]);
    sum += scaled * scaled;
  }
  for (const double each : sums) sum += each;
  return sum;
}

/// The sum of (scale x)^2.
template <class T>
double sum_of_squares(const Array<T>& array, double scale) {
  const T* x = array.data();
  const std::size_t size = array.size();
  std::vector<double> sums((size + block - 1) / block);
  kernels::parallel_for(sums.size(), blocks_per_thread, [&](std::size_t begin, std::size_t end) {
    for (std::size_t b = begin; b < end; ++b) {
      sums[b] = sum_of_squares(x + b * block, std::min(block, size - b * block), scale);
    }
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return total;
}

template <class T>
double norm_at_scale(const std::vector<ParameterHandle<T>>& parameters, double scale) {
  double sum = 0;
  for (const auto& parameter : parameters) {
    if (parameter.has_grad()) sum += sum_of_squares(parameter.grad(), scale);
  }
  return std::sqrt(sum) / scale;
}

/// The largest magnitude among the entries of all gradients; NaN if an entry is NaN.
template <class T>
double largest_entry(const std::vector<ParameterHandle<T>>& parameters) {
  double largest = 0;
  for (const auto& parameter : parameters) {
    if (!parameter.has_grad()) continue;
    for (const T entry : parameter.grad().storage()) {
      if (std::isnan(entry)) return std::numeric_limits<double>::quiet_NaN();
      largest = std::max(largest, std::abs(static_cast<double>(entry)));
    }
  }
  return largest;
}

template <class T>
void scale_gradient(ParameterHandle<T>& parameter, double scale) {
  if (!parameter.has_grad()) return;
  const Array<T>& old = parameter.grad();
  Array<T> scaled(old.shape());
  const T* from = old.data();
  T* to = scaled.data();
  const T factor = static_cast<T>(scale);
  kernels::parallel_for(scaled.size(), block * blocks_per_thread, [=](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) to[i] = factor * from[i];
  });
  parameter.set_grad(std::move(scaled));
}

}  // namespace

template <class T>
double grad_norm(const std::vector<ParameterHandle<T>>& parameters) {
  const double norm = norm_at_scale(parameters, 1);
  if (norm > 0x1p-450 && std::isfinite(norm)) return norm;
  // Squares overflow above 2^512 and lose precision below 2^-511, so the gradients are scaled first.
  const double largest = largest_entry(parameters);
  if (largest == 0 || !std::isfinite(largest)) return largest;
  return norm_at_scale(parameters, largest > 1 ? 0x1p-600 : 0x1p600);
}

template <class T>
double clip_grad_norm(const std::vector<ParameterHandle<T>>& parameters, double max_norm) {
  if (!(max_norm > 0)) {
    throw ValueError(fmt::format("clip_grad_norm: expected max_norm > 0, got {}", max_norm));
  }
  const double norm = grad_norm(parameters);
  if (!std::isfinite(norm) || norm <= max_norm) return norm;
  for (ParameterHandle<T> parameter : parameters) scale_gradient(parameter, max_norm / norm);
  return norm;
}

template <class T>
double grad_norm(const std::vector<nn::NamedParameter<T>>& parameters) {
  return grad_norm(detail::handles(parameters));
}

template <class T>
double clip_grad_norm(const std::vector<nn::NamedParameter<T>>& parameters, double max_norm) {
  return clip_grad_norm(detail::handles(parameters), max_norm);
}

#define XGRAD_INSTANTIATE(T)                                                         \
  template double grad_norm<T>(const std::vector<ParameterHandle<T>>&);              \
  template double grad_norm<T>(const std::vector<nn::NamedParameter<T>>&);           \
  template double clip_grad_norm<T>(const std::vector<ParameterHandle<T>>&, double); \
  template double clip_grad_norm<T>(const std::vector<nn::NamedParameter<T>>&, double);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::optim
