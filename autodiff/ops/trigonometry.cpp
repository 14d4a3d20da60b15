#include <autodiff/instantiate.hpp>
#include <autodiff/ops/functions.hpp>
#include <autodiff/ops/trigonometry.hpp>

namespace xgrad {

using detail::length;
using detail::ratio;
using detail::unary;
using detail::unary_by_result;

template <class T>
Variable<T> sin(const Variable<T>& x) {
  return unary(
      "sin", x, [](auto p) { return xsimd::sin(p); },
      [](const auto& g, const auto& p) { return g * cos(p); });
}

template <class T>
Variable<T> cos(const Variable<T>& x) {
  return unary(
      "cos", x, [](auto p) { return xsimd::cos(p); },
      [](const auto& g, const auto& p) { return -(g * sin(p)); });
}

template <class T>
Variable<T> tan(const Variable<T>& x) {
  return unary_by_result(
      "tan", x, [](auto p) { return xsimd::tan(p); },
      [](const auto& g, const auto& y) { return g * (T(1) + y * y); });
}

template <class T>
Variable<T> asin(const Variable<T>& x) {
  return unary(
      "asin", x, [](auto p) { return xsimd::asin(p); },
      [](const auto& g, const auto& p) { return g / sqrt((T(1) - p) * (T(1) + p)); });
}

template <class T>
Variable<T> acos(const Variable<T>& x) {
  return unary(
      "acos", x, [](auto p) { return xsimd::acos(p); },
      [](const auto& g, const auto& p) { return -(g / sqrt((T(1) - p) * (T(1) + p))); });
}

template <class T>
Variable<T> atan(const Variable<T>& x) {
  return unary(
      "atan", x, [](auto p) { return xsimd::atan(p); },
      [](const auto& g, const auto& p) { return g / (T(1) + p * p); });
}

template <class T>
Variable<T> atan2(const Variable<T>& y, const Variable<T>& x) {
  // Divided by the radius twice, so that its square need not be a number.
  const auto by_y = [](const auto& g, const auto& p, const auto& q) {
    const auto radius = length(p, q);
    return ratio(g * ratio(q, radius), radius);
  };
  const auto by_x = [](const auto& g, const auto& p, const auto& q) {
    const auto radius = length(p, q);
    return -ratio(g * ratio(p, radius), radius);
  };
  return detail::binary(
      "atan2", y, x, [](auto p, auto q) { return kernels::atan2(p, q); }, by_y, by_x);
}

#define XGRAD_INSTANTIATE(T)                        \
  template Variable<T> sin<T>(const Variable<T>&);  \
  template Variable<T> cos<T>(const Variable<T>&);  \
  template Variable<T> tan<T>(const Variable<T>&);  \
  template Variable<T> asin<T>(const Variable<T>&); \
  template Variable<T> acos<T>(const Variable<T>&); \
  template Variable<T> atan<T>(const Variable<T>&); \
  template Variable<T> atan2<T>(const Variable<T>&, const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
