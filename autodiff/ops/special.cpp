#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/special.hpp>
#include <autodiff/ops/detail/functions.hpp>
#include <autodiff/ops/special.hpp>

#include <fmt/format.h>

namespace xgrad {

using detail::unary;
using kernels::digamma;  // for batches in formulas

template <class T>
Variable<T> erf(const Variable<T>& x) {
  return unary("erf", x, [](auto p) { return kernels::erf(p); }, pullbacks::of_erf);
}

template <class T>
Variable<T> erfc(const Variable<T>& x) {
  return unary("erfc", x, [](auto p) { return kernels::erfc(p); }, pullbacks::of_erfc);
}

template <class T>
Variable<T> detail::bell(const Variable<T>& x) {
  return unary("bell", x, [](auto p) { return kernels::bell(p); }, pullbacks::of_bell);
}

template <class T>
Variable<T> lgamma(const Variable<T>& x) {
  return unary(
      "lgamma", x, [](auto p) { return kernels::lgamma(p); },
      [](const auto& g, const auto& p) { return g * digamma(p); });
}

namespace {

/// polygamma in a formula.
class PolygammaOf {
 public:
  explicit PolygammaOf(int order) : order_(order), kernel_(order) {}

  template <class T>
  kernels::Batch<T> operator()(const kernels::Batch<T>& x) const {
    return kernel_(x);
  }
  template <class T>
  Variable<T> operator()(const Variable<T>& x) const {
    return polygamma(order_, x);
  }

 private:
  int order_;
  kernels::Polygamma kernel_;
};

}  // namespace

template <class T>
Variable<T> digamma(const Variable<T>& x) {
  return unary(
      "digamma", x, [](auto p) { return kernels::digamma(p); },
      [next = PolygammaOf(1)](const auto& g, const auto& p) { return g * next(p); });
}

template <class T>
Variable<T> polygamma(int order, const Variable<T>& x) {
  if (order < 0) throw ValueError(fmt::format("polygamma: order {}; expected 0 or more", order));
  return unary(
      "polygamma", x, [kernel = kernels::Polygamma(order)](const auto& p) { return kernel(p); },
      [next = PolygammaOf(order + 1)](const auto& g, const auto& p) { return g * next(p); });
}

#define XGRAD_INSTANTIATE(T)                                \
  template Variable<T> erf<T>(const Variable<T>&);          \
  template Variable<T> erfc<T>(const Variable<T>&);         \
  template Variable<T> detail::bell<T>(const Variable<T>&); \
  template Variable<T> lgamma<T>(const Variable<T>&);       \
  template Variable<T> digamma<T>(const Variable<T>&);      \
  template Variable<T> polygamma<T>(int, const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
