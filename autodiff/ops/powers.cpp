#include <autodiff/instantiate.hpp>
#include <autodiff/ops/detail/functions.hpp>
#include <autodiff/ops/reduction.hpp>

#include <memory>

namespace xgrad {

using detail::choose;
using detail::unary;
using detail::unary_by_result;

template <class T>
Variable<T> detail::square(const Variable<T>& x) {
  return unary(
      "square", x, [](auto p) { return p * p; }, [](const auto& g, const auto& p) { return T(2) * g * p; });
}

template <class T>
Variable<T> reciprocal(const Variable<T>& x) {
  return unary_by_result("reciprocal", x, [](auto p) { return T(1) / p; }, pullbacks::of_reciprocal);
}

template <class T>
Variable<T> sqrt(const Variable<T>& x) {
  return unary_by_result("sqrt", x, [](auto p) { return xsimd::sqrt(p); }, pullbacks::of_sqrt);
}

template <class T>
Variable<T> sqrt(const Variable<T>& x, const SqrtOptions& options) {
  return unary_by_result(
      "sqrt", x, [](auto p) { return xsimd::sqrt(p); },
      [slope = static_cast<T>(options.derivative_at_zero)](const auto& g, const auto& y) {
        return choose(y == T(0), slope * g, g / (T(2) * choose(y == T(0), T(1), y)));
      });
}

template <class T>
Variable<T> rsqrt(const Variable<T>& x) {
  return unary("rsqrt", x, [](auto p) { return T(1) / xsimd::sqrt(p); }, pullbacks::of_rsqrt);
}

template <class T>
Variable<T> cbrt(const Variable<T>& x) {
  return unary_by_result("cbrt", x, [](auto p) { return kernels::cbrt(p); }, pullbacks::of_cbrt);
}

template <class T>
Variable<T> exp(const Variable<T>& x) {
  return unary_by_result("exp", x, [](auto p) { return kernels::exp(p); }, pullbacks::of_exp);
}

template <class T>
Variable<T> exp2(const Variable<T>& x) {
  return unary_by_result("exp2", x, [](auto p) { return kernels::exp2(p); }, pullbacks::of_exp2);
}

template <class T>
Variable<T> expm1(const Variable<T>& x) {
  return unary("expm1", x, [](auto p) { return kernels::expm1(p); }, pullbacks::of_expm1);
}

template <class T>
Variable<T> log(const Variable<T>& x) {
  return unary("log", x, [](auto p) { return kernels::log(p); }, pullbacks::of_log);
}

template <class T>
Variable<T> log1p(const Variable<T>& x) {
  return unary("log1p", x, [](auto p) { return kernels::log1p(p); }, pullbacks::of_log1p);
}

template <class T>
Variable<T> log2(const Variable<T>& x) {
  return unary("log2", x, [](auto p) { return kernels::log2(p); }, pullbacks::of_log2);
}

template <class T>
Variable<T> log10(const Variable<T>& x) {
  return unary("log10", x, [](auto p) { return kernels::log10(p); }, pullbacks::of_log10);
}

namespace {

using Condition = std::shared_ptr<const Array<bool>>;

template <class T>
Variable<T> pick(const Condition& condition, const Variable<T>& a, const Variable<T>& b) {
  const Shape both = broadcast_shape("where", a.shape(), b.shape());
  Array<T> value(broadcast_shape("where", condition->shape(), both));
  const kernels::BroadcastLoop<3> loop(value.shape(), {&condition->shape(), &a.shape(), &b.shape()});
  kernels::parallel_rows(loop, [&](std::size_t row, std::size_t begin, std::size_t end, const auto& offsets) {
    const bool* c = condition->data() + offsets[0];
    const T* pa = a.value().data() + offsets[1];
    const T* pb = b.value().data() + offsets[2];
    T* out = value.data() + row * loop.inner;
    for (std::size_t i = begin; i < end; ++i) {
      out[i] = c[i * loop.step[0]] ? pa[i * loop.step[1]] : pb[i * loop.step[2]];
    }
  });
  const auto zero = [] { return constant(full<T>(Shape{}, T(0))); };
  return operation(
      "where", std::move(value),
      {{a,
        [=, s = a.shape()](const Variable<T>& g) { return detail::sum_to(pick(condition, g, zero()), s); }},
       {b,
        [=, s = b.shape()](const Variable<T>& g) { return detail::sum_to(pick(condition, zero(), g), s); }}});
}

}  // namespace

template <class T>
Variable<T> detail::where(const Array<bool>& condition, const Variable<T>& a, const Variable<T>& b) {
  return pick(std::make_shared<const Array<bool>>(condition), a, b);
}

#define XGRAD_INSTANTIATE(T)                                            \
  template Variable<T> detail::square<T>(const Variable<T>&);           \
  template Variable<T> reciprocal<T>(const Variable<T>&);               \
  template Variable<T> sqrt<T>(const Variable<T>&);                     \
  template Variable<T> rsqrt<T>(const Variable<T>&);                    \
  template Variable<T> cbrt<T>(const Variable<T>&);                     \
  template Variable<T> exp<T>(const Variable<T>&);                      \
  template Variable<T> exp2<T>(const Variable<T>&);                     \
  template Variable<T> expm1<T>(const Variable<T>&);                    \
  template Variable<T> log<T>(const Variable<T>&);                      \
  template Variable<T> log1p<T>(const Variable<T>&);                    \
  template Variable<T> log2<T>(const Variable<T>&);                     \
  template Variable<T> log10<T>(const Variable<T>&);                    \
  template Variable<T> sqrt<T>(const Variable<T>&, const SqrtOptions&); \
  template Variable<T> detail::where<T>(const Array<bool>&, const Variable<T>&, const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
