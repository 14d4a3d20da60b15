#include <autodiff/error.hpp>
#include <autodiff/kernels/parallel.hpp>
#include <optim/max_norm.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad::optim {
namespace {

/// The norm of a unit's weights, in double, in which squares of floats neither overflow nor underflow.
template <class T>
double norm(const T* weights, std::size_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t i = 0; i < count; ++i)
    sum += static_cast<double>(weights[i]) * static_cast<double>(weights[i]);
  return std::sqrt(sum);
}

}  // namespace

template <class T>
void constrain_max_norm(ParameterHandle<T> parameter, double max_norm) {
  if (!(max_norm > 0)) {
    throw ValueError(fmt::format("constrain_max_norm: expected max_norm > 0, got {}", max_norm));
  }
  const Shape& shape = parameter.shape();
  if (shape.size() < 2 || parameter.size() == 0) return;
  const std::size_t units = shape[0];
  const std::size_t incoming = parameter.size() / units;
  const T* read = parameter.value().data();
  T* weights = nullptr;  // requested only if a unit must change: mutable_value() counts as a modification
  for (std::size_t u = 0; u < units && weights == nullptr; ++u) {
    if (norm(read + u * incoming, incoming) > max_norm) weights = parameter.mutable_value().data();
  }
  if (weights == nullptr) return;
  constexpr std::size_t grain = std::size_t{1} << 15;  // least number of entries per thread
  kernels::parallel_for(units, std::max<std::size_t>(1, grain / incoming),
                        [=](std::size_t begin, std::size_t end) {
                          for (std::size_t u = begin; u < end; ++u) {
                            T* own = weights + u * incoming;
                            const double length = norm(own, incoming);
                            if (!(length > max_norm)) continue;
                            const T factor = static_cast<T>(max_norm / length);
                            for (std::size_t i = 0; i < incoming; ++i) own[i] *= factor;
                          }
                        });
}

template <class T>
void constrain_max_norm(const std::vector<nn::NamedParameter<T>>& parameters, double max_norm) {
  for (const auto& each : parameters) constrain_max_norm(each.parameter, max_norm);
}

#define XGRAD_INSTANTIATE(T)                                       \
  template void constrain_max_norm<T>(ParameterHandle<T>, double); \
  template void constrain_max_norm<T>(const std::vector<nn::NamedParameter<T>>&, double);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::optim
