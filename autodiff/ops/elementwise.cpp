#include <autodiff/instantiate.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/elementwise.hpp>
#include <autodiff/ops/fused.hpp>
#include <autodiff/ops/reduction.hpp>

#include <memory>

namespace xgrad {

using detail::entrywise;
using detail::finish_operation;
using detail::pull;

template <class T>
Variable<T> exp(const Variable<T>& x) {
  return finish_operation("exp",
                          entrywise(
                              "exp", [](auto p) { return xsimd::exp(p); }, x),
                          {x, [](Variable<T>&& g, const Variable<T>& y) {
                             return pull([](const auto& q, const auto& e) { return q * e; }, std::move(g), y);
                           }});
}

template <class T>
Variable<T> log(const Variable<T>& x) {
  return finish_operation("log",
                          entrywise(
                              "log", [](auto p) { return xsimd::log(p); }, x),
                          {x, [x](Variable<T>&& g) {
                             return pull([](const auto& q, const auto& p) { return q / p; }, std::move(g), x);
                           }});
}

template <class T>
Variable<T> sin(const Variable<T>& x) {
  constexpr auto derivative = [](const auto& q, const auto& p) { return q * cos(p); };
  return finish_operation("sin",
                          entrywise(
                              "sin", [](auto p) { return xsimd::sin(p); }, x),
                          {x, [x](Variable<T>&& g) { return pull(derivative, std::move(g), x); }});
}

template <class T>
Variable<T> cos(const Variable<T>& x) {
  constexpr auto derivative = [](const auto& q, const auto& p) { return -(q * sin(p)); };
  return finish_operation("cos",
                          entrywise(
                              "cos", [](auto p) { return xsimd::cos(p); }, x),
                          {x, [x](Variable<T>&& g) { return pull(derivative, std::move(g), x); }});
}

template <class T>
Variable<T> sqrt(const Variable<T>& x) {
  constexpr auto derivative = [](const auto& q, const auto& y) { return q / (T(2) * y); };
  return finish_operation(
      "sqrt",
      entrywise(
          "sqrt", [](auto p) { return xsimd::sqrt(p); }, x),
      {x, [](Variable<T>&& g, const Variable<T>& y) { return pull(derivative, std::move(g), y); }});
}

template <class T>
Variable<T> square(const Variable<T>& x) {
  constexpr auto derivative = [](const auto& q, const auto& p) { return T(2) * q * p; };
  return finish_operation("square",
                          entrywise(
                              "square", [](auto p) { return p * p; }, x),
                          {x, [x](Variable<T>&& g) { return pull(derivative, std::move(g), x); }});
}

template <class T>
Variable<T> tanh(const Variable<T>& x) {
  constexpr auto derivative = [](const auto& q, const auto& y) { return q * (T(1) - y * y); };
  return finish_operation(
      "tanh",
      entrywise(
          "tanh", [](auto p) { return xsimd::tanh(p); }, x),
      {x, [](Variable<T>&& g, const Variable<T>& y) { return pull(derivative, std::move(g), y); }});
}

template <class T>
Variable<T> sigmoid(const Variable<T>& x) {
  // e^-|x| never overflows, and for negative x the small result comes from a small numerator.
  const auto value = []<class V>(V p) {
    const V small = xsimd::exp(-xsimd::abs(p));
    return xsimd::select(p < V(T(0)), small, V(T(1))) / (V(T(1)) + small);
  };
  constexpr auto derivative = [](const auto& q, const auto& y) { return q * y * (T(1) - y); };
  return finish_operation(
      "sigmoid", entrywise("sigmoid", value, x),
      {x, [](Variable<T>&& g, const Variable<T>& y) { return pull(derivative, std::move(g), y); }});
}

namespace {

/// g where x >= 0 (the note's second appendix), 0 elsewhere; its derivative by x is zero.
template <class T>
Variable<T> pass_where_not_negative(const Variable<T>& g, const Variable<T>& x) {
  const auto value = []<class V>(V q, V p) { return xsimd::select(p < V(T(0)), V(T(0)), q); };
  return finish_operation("relu_gradient", entrywise("relu_gradient", value, g, x),
                          {g, [x](const Variable<T>& gg) { return pass_where_not_negative(gg, x); }});
}

using Condition = std::shared_ptr<const Array<bool>>;

template <class T>
Variable<T> choose(const Condition& condition, const Variable<T>& a, const Variable<T>& b) {
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
        [=, s = a.shape()](const Variable<T>& g) { return detail::sum_to(choose(condition, g, zero()), s); }},
       {b, [=, s = b.shape()](const Variable<T>& g) {
          return detail::sum_to(choose(condition, zero(), g), s);
        }}});
}

}  // namespace

template <class T>
Variable<T> relu(const Variable<T>& x) {
  const auto value = []<class V>(V p) { return xsimd::select(p < V(T(0)), V(T(0)), p); };
  return finish_operation("relu", entrywise("relu", value, x),
                          {x, [x](const Variable<T>& g) { return pass_where_not_negative(g, x); }});
}

template <class T>
Variable<T> detail::where(const Array<bool>& condition, const Variable<T>& a, const Variable<T>& b) {
  return choose(std::make_shared<const Array<bool>>(condition), a, b);
}

#define XGRAD_INSTANTIATE(T)                           \
  template Variable<T> exp<T>(const Variable<T>&);     \
  template Variable<T> log<T>(const Variable<T>&);     \
  template Variable<T> sin<T>(const Variable<T>&);     \
  template Variable<T> cos<T>(const Variable<T>&);     \
  template Variable<T> sqrt<T>(const Variable<T>&);    \
  template Variable<T> square<T>(const Variable<T>&);  \
  template Variable<T> tanh<T>(const Variable<T>&);    \
  template Variable<T> sigmoid<T>(const Variable<T>&); \
  template Variable<T> relu<T>(const Variable<T>&);    \
  template Variable<T> detail::where<T>(const Array<bool>&, const Variable<T>&, const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
