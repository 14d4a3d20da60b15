#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/elementwise.hpp>
#include <autodiff/ops/reduction.hpp>

#include <memory>

namespace xgrad {

using kernels::map;

template <class T>
Variable<T> exp(const Variable<T>& x) {
  return operation("exp", map(x.value(), [](auto p) { return xsimd::exp(p); }),
                   {x, [](const Variable<T>& g, const Variable<T>& y) { return g * y; }});
}

template <class T>
Variable<T> log(const Variable<T>& x) {
  return operation("log", map(x.value(), [](auto p) { return xsimd::log(p); }),
                   {x, [x](const Variable<T>& g) { return g / x; }});
}

template <class T>
Variable<T> sin(const Variable<T>& x) {
  return operation("sin", map(x.value(), [](auto p) { return xsimd::sin(p); }),
                   {x, [x](const Variable<T>& g) { return g * cos(x); }});
}

template <class T>
Variable<T> cos(const Variable<T>& x) {
  return operation("cos", map(x.value(), [](auto p) { return xsimd::cos(p); }),
                   {x, [x](const Variable<T>& g) { return -(g * sin(x)); }});
}

template <class T>
Variable<T> sqrt(const Variable<T>& x) {
  return operation("sqrt", map(x.value(), [](auto p) { return xsimd::sqrt(p); }),
                   {x, [](const Variable<T>& g, const Variable<T>& y) { return g / (T(2) * y); }});
}

template <class T>
Variable<T> square(const Variable<T>& x) {
  return operation("square", map(x.value(), [](auto p) { return p * p; }),
                   {x, [x](const Variable<T>& g) { return T(2) * g * x; }});
}

template <class T>
Variable<T> tanh(const Variable<T>& x) {
  return operation("tanh", map(x.value(), [](auto p) { return xsimd::tanh(p); }),
                   {x, [](const Variable<T>& g, const Variable<T>& y) { return g * (T(1) - square(y)); }});
}

template <class T>
Variable<T> sigmoid(const Variable<T>& x) {
  // e^-|x| never overflows, and for negative x the small result comes from a small numerator.
  const auto value = []<class V>(V p) {
    const V small = xsimd::exp(-xsimd::abs(p));
    return xsimd::select(p < V(T(0)), small, V(T(1))) / (V(T(1)) + small);
  };
  return operation("sigmoid", map(x.value(), value),
                   {x, [](const Variable<T>& g, const Variable<T>& y) { return g * y * (T(1) - y); }});
}

namespace {

/// g where x >= 0 (the note's second appendix), 0 elsewhere; its derivative by x is zero.
template <class T>
Variable<T> pass_where_not_negative(const Variable<T>& g, const Variable<T>& x) {
  const auto value = []<class V>(V q, V p) { return xsimd::select(p < V(T(0)), V(T(0)), q); };
  return operation("relu_gradient", map(g.shape(), g.value(), x.value(), value),
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
  return operation("relu",
                   map(x.value(), []<class V>(V p) { return xsimd::select(p < V(T(0)), V(T(0)), p); }),
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
