#include <autodiff/error.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/binary.hpp>
#include <autodiff/ops/comparison.hpp>
#include <autodiff/ops/piecewise.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/reduction.hpp>
#include <nn/information.hpp>

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace xgrad::nn::information::detail {
namespace {

double log_of_base(const char* name, const Options& options) {
  if (!(options.base > 0 && std::isfinite(options.base) && options.base != 1)) {
    throw ValueError(
        fmt::format("information::{}: expected a finite base > 0 other than 1, got {}", name, options.base));
  }
  return std::log(options.base);
}

template <class T>
void check_probabilities(const char* name, const Array<T>& p) {
  for (const T each : p.storage()) {
    if (!(each >= 0 && each <= 1)) {
      throw ValueError(fmt::format("information::{}: expected a probability in [0, 1], got {}", name, each));
    }
  }
}

template <class T>
void check_distributions(const char* name, const Array<T>& p) {
  check_probabilities(name, p);
  const std::size_t outcomes = p.dimension() == 0 ? 0 : p.shape().back();
  if (outcomes == 0) {
    throw ShapeError(
        fmt::format("information::{}: expected {{..., k}} with at least one outcome, got shape {}", name,
                    to_string(p.shape())));
  }
  const double tolerance = 8 * std::sqrt(static_cast<double>(outcomes)) * std::numeric_limits<T>::epsilon();
  for (std::size_t i = 0; i < p.size(); i += outcomes) {
    double sum = 0;
    for (std::size_t k = 0; k < outcomes; ++k) sum += static_cast<double>(p.data()[i + k]);
    if (!(std::abs(sum - 1) <= tolerance)) {
      throw ValueError(
          fmt::format("information::{}: expected probabilities with sum 1, got the sum {}", name, sum));
    }
  }
}

template <class T>
void check_shapes(const char* name, const Variable<T>& q, const Variable<T>& p) {
  if (q.shape() != p.shape()) {
    throw ShapeError(fmt::format("information::{}: expected q and p of the same shape, got {} and {}", name,
                                 to_string(q.shape()), to_string(p.shape())));
  }
}

}  // namespace

template <class T>
Variable<T> content(const Variable<T>& p, const Options& options) {
  check_probabilities("content", p.value());
  return T(0) - log(p) / log_of_base("content", options);  // 0, not -0
}

template <class T>
Variable<T> binary_cross_entropy(const char* name, const Variable<T>& q, const Variable<T>& p,
                                 const Options& options) {
  const double base = log_of_base(name, options);
  check_shapes(name, q, p);
  check_probabilities(name, q.value());
  check_probabilities(name, p.value());
  // log1p, since 1 - p loses the digits of a small p.
  const Variable<T> against = 1 - q;
  const Variable<T> log_against = log1p(-where(Array<bool>(against == T(0) && p == T(1)), T(0), p));
  return T(0) - (xlogy(q, p) + against * log_against) / base;
}

/// q log(q / p) / base, and 0 if q is 0. If q and p are close, it is computed from their difference, which
/// keeps all digits.
template <class T>
Variable<T> excess(const Variable<T>& q, const Variable<T>& p, double base) {
  const Array<bool> absent = q == T(0);
  const Variable<T> divisor = where(absent, T(1), p);
  const Variable<T> part = where(absent, T(1), q);
  const Variable<T> growth = (part - divisor) / divisor;
  const Array<bool> close = abs(growth) < T(0.5);
  const Variable<T> logarithm = log1p(where(close, growth, T(0))) + log(where(close, T(1), part / divisor));
  return q * (logarithm / base);
}

template <class T>
Variable<T> binary_divergence(const Variable<T>& q, const Variable<T>& p, const Options& options) {
  constexpr const char* name = "binary_divergence";
  const double base = log_of_base(name, options);
  check_shapes(name, q, p);
  check_probabilities(name, q.value());
  check_probabilities(name, p.value());
  return excess<T>(q, p, base) + excess<T>(1 - q, 1 - p, base);
}

template <class T>
Variable<T> divergence(const Variable<T>& q, const Variable<T>& p, const Options& options) {
  constexpr const char* name = "divergence";
  const double base = log_of_base(name, options);
  check_shapes(name, q, p);
  check_distributions(name, q.value());
  check_distributions(name, p.value());
  return sum(excess(q, p, base), -1);
}

template <class T>
Variable<T> cross_entropy(const char* name, const Variable<T>& q, const Variable<T>& p,
                          const Options& options) {
  const double base = log_of_base(name, options);
  check_shapes(name, q, p);
  check_distributions(name, q.value());
  check_distributions(name, p.value());
  return T(0) - sum(xlogy(q, p), -1) / base;
}

#define XGRAD_INSTANTIATE(T)                                                                         \
  template Variable<T> content<T>(const Variable<T>&, const Options&);                               \
  template Variable<T> binary_cross_entropy<T>(const char*, const Variable<T>&, const Variable<T>&,  \
                                               const Options&);                                      \
  template Variable<T> binary_divergence<T>(const Variable<T>&, const Variable<T>&, const Options&); \
  template Variable<T> divergence<T>(const Variable<T>&, const Variable<T>&, const Options&);        \
  template Variable<T> cross_entropy<T>(const char*, const Variable<T>&, const Variable<T>&, const Options&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn::information::detail
