#include <autodiff/instantiate.hpp>
#include <autodiff/ops/detail/functions.hpp>
#include <autodiff/ops/hyperbolic.hpp>

namespace xgrad {

using detail::unary;

template <class T>
Variable<T> sinh(const Variable<T>& x) {
  return unary("sinh", x, [](auto p) { return kernels::sinh(p); }, pullbacks::of_sinh);
}

template <class T>
Variable<T> cosh(const Variable<T>& x) {
  return unary("cosh", x, [](auto p) { return kernels::cosh(p); }, pullbacks::of_cosh);
}

template <class T>
Variable<T> tanh(const Variable<T>& x) {
  return unary("tanh", x, [](auto p) { return kernels::tanh(p); }, pullbacks::of_tanh);
}

template <class T>
Variable<T> asinh(const Variable<T>& x) {
  return unary("asinh", x, [](auto p) { return kernels::asinh(p); }, pullbacks::of_asinh);
}

template <class T>
Variable<T> acosh(const Variable<T>& x) {
  return unary("acosh", x, [](auto p) { return kernels::acosh(p); }, pullbacks::of_acosh);
}

template <class T>
Variable<T> atanh(const Variable<T>& x) {
  return unary("atanh", x, [](auto p) { return kernels::atanh(p); }, pullbacks::of_atanh);
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
