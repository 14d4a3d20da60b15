#include <autodiff/instantiate.hpp>
#include <autodiff/ops/detail/functions.hpp>
#include <autodiff/ops/trigonometry.hpp>

namespace xgrad {

using detail::unary;

template <class T>
Variable<T> sin(const Variable<T>& x) {
  return unary("sin", x, [](auto p) { return kernels::sin(p); }, pullbacks::of_sin);
}

template <class T>
Variable<T> cos(const Variable<T>& x) {
  return unary("cos", x, [](auto p) { return kernels::cos(p); }, pullbacks::of_cos);
}

template <class T>
Variable<T> tan(const Variable<T>& x) {
  return unary("tan", x, [](auto p) { return kernels::tan(p); }, pullbacks::of_tan);
}

template <class T>
Variable<T> asin(const Variable<T>& x) {
  return unary("asin", x, [](auto p) { return kernels::asin(p); }, pullbacks::of_asin);
}

template <class T>
Variable<T> acos(const Variable<T>& x) {
  return unary("acos", x, [](auto p) { return kernels::acos(p); }, pullbacks::of_acos);
}

template <class T>
Variable<T> atan(const Variable<T>& x) {
  return unary("atan", x, [](auto p) { return kernels::atan(p); }, pullbacks::of_atan);
}

template <class T>
Variable<T> atan2(const Variable<T>& y, const Variable<T>& x) {
  return detail::binary(
      "atan2", y, x, [](auto p, auto q) { return kernels::atan2(p, q); }, pullbacks::of_atan2_by_y,
      pullbacks::of_atan2_by_x);
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
