#include <autodiff/instantiate.hpp>
#include <autodiff/ops/functions.hpp>
#include <autodiff/ops/hyperbolic.hpp>

namespace xgrad {

using detail::unary;
using detail::unary_by_result;

template <class T>
Variable<T> sinh(const Variable<T>& x) {
  return unary(
      "sinh", x, [](auto p) { return xsimd::sinh(p); },
      [](const auto& g, const auto& p) { return g * cosh(p); });
}

template <class T>
Variable<T> cosh(const Variable<T>& x) {
  return unary(
      "cosh", x, [](auto p) { return xsimd::cosh(p); },
      [](const auto& g, const auto& p) { return g * sinh(p); });
}

template <class T>
Variable<T> tanh(const Variable<T>& x) {
  return unary_by_result(
      "tanh", x, [](auto p) { return xsimd::tanh(p); },
      [](const auto& g, const auto& y) { return g * (T(1) - y * y); });
}

template <class T>
Variable<T> asinh(const Variable<T>& x) {
  return unary(
      "asinh", x, [](auto p) { return xsimd::asinh(p); },
      [](const auto& g, const auto& p) { return g / sqrt(T(1) + p * p); });
}

template <class T>
Variable<T> acosh(const Variable<T>& x) {
  const auto value = []<class V>(V p) {
    return xsimd::select(p >= V(T(1)), xsimd::acosh(p), V(std::numeric_limits<T>::quiet_NaN()));
  };
  return unary("acosh", x, value,
               [](const auto& g, const auto& p) { return g / sqrt((p - T(1)) * (p + T(1))); });
}

template <class T>
Variable<T> atanh(const Variable<T>& x) {
  return unary(
      "atanh", x, [](auto p) { return xsimd::atanh(p); },
      [](const auto& g, const auto& p) { return g / ((T(1) - p) * (T(1) + p)); });
}

#define XGRAD_INSTANTIATE(T)                         \
  template Variable<T> sinh<T>(const Variable<T>&);  \
  template Variable<T> cosh<T>(const Variable<T>&);  \
  template Variable<T> tanh<T>(const Variable<T>&);  \
  template Variable<T> asinh<T>(const Variable<T>&); \
  template Variable<T> acosh<T>(const Variable<T>&); \
  template Variable<T> atanh<T>(const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
