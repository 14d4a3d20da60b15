#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/reduction.hpp>

namespace xgrad {

using detail::sum_to;

namespace {

/// f over two arrays that broadcast.
template <class T, class F>
Array<T> map_broadcast(const char* name, const Variable<T>& a, const Variable<T>& b, F f) {
  return kernels::map(broadcast_shape(name, a.shape(), b.shape()), a.value(), b.value(), f);
}

/// 1 where a is larger, 1/2 where both are equal, 0 elsewhere: the derivative of maximum(a, b) by a.
template <class T>
Variable<T> larger(const Variable<T>& a, const Variable<T>& b) {
  return constant(map_broadcast("maximum", a, b, []<class V>(V p, V q) {
    return xsimd::select(p > q, V(T(1)), xsimd::select(p == q, V(T(0.5)), V(T(0))));
  }));
}

}  // namespace

template <class T>
Variable<T> add(const Variable<T>& a, const Variable<T>& b) {
  return operation("add", map_broadcast("add", a, b, [](auto p, auto q) { return p + q; }),
                   {{a, [s = a.shape()](const Variable<T>& g) { return sum_to(g, s); }},
                    {b, [s = b.shape()](const Variable<T>& g) { return sum_to(g, s); }}});
}

template <class T>
Variable<T> subtract(const Variable<T>& a, const Variable<T>& b) {
  return operation("subtract", map_broadcast("subtract", a, b, [](auto p, auto q) { return p - q; }),
                   {{a, [s = a.shape()](const Variable<T>& g) { return sum_to(g, s); }},
                    {b, [s = b.shape()](const Variable<T>& g) { return sum_to(-g, s); }}});
}

template <class T>
Variable<T> multiply(const Variable<T>& a, const Variable<T>& b) {
  return operation("multiply", map_broadcast("multiply", a, b, [](auto p, auto q) { return p * q; }),
                   {{a, [b, s = a.shape()](const Variable<T>& g) { return sum_to(g * b, s); }},
                    {b, [a, s = b.shape()](const Variable<T>& g) { return sum_to(g * a, s); }}});
}

template <class T>
Variable<T> divide(const Variable<T>& a, const Variable<T>& b) {
  return operation(
      "divide", map_broadcast("divide", a, b, [](auto p, auto q) { return p / q; }),
      {{a, [b, s = a.shape()](const Variable<T>& g) { return sum_to(g / b, s); }},
       {b, [b](const Variable<T>& g, const Variable<T>& y) { return sum_to(-(g * y / b), b.shape()); }}});
}

template <class T>
Variable<T> negative(const Variable<T>& x) {
  return operation("negative", kernels::map(x.value(), [](auto p) { return -p; }),
                   {x, [](const Variable<T>& g) { return -g; }});
}

template <class T>
Variable<T> maximum(const Variable<T>& a, const Variable<T>& b) {
  const auto value = [](auto p, auto q) { return xsimd::select((p > q) | xsimd::isnan(p), p, q); };
  return operation("maximum", map_broadcast("maximum", a, b, value),
                   {{a, [a, b](const Variable<T>& g) { return sum_to(g * larger(a, b), a.shape()); }},
                    {b, [a, b](const Variable<T>& g) { return sum_to(g * larger(b, a), b.shape()); }}});
}

template <class To, class From>
Variable<To> cast(const Variable<From>& x) {
  Array<To> value(x.shape());
  std::copy(x.value().data(), x.value().data() + x.size(), value.data());
  return operation("cast", std::move(value), {x, [](const Variable<To>& g) { return cast<From>(g); }});
}

namespace detail {

template <class T>
Variable<T> add_number(const Variable<T>& x, T c) {
  return operation("add", kernels::map(x.value(), [c]<class V>(V p) { return p + V(c); }),
                   {x, [](const Variable<T>& g) { return g; }});
}

template <class T>
Variable<T> multiply_number(const Variable<T>& x, T c) {
  return operation("multiply", kernels::map(x.value(), [c]<class V>(V p) { return p * V(c); }),
                   {x, [c](const Variable<T>& g) { return g * c; }});
}

template <class T>
Variable<T> divide_number(const Variable<T>& x, T c) {
  return operation("divide", kernels::map(x.value(), [c]<class V>(V p) { return p / V(c); }),
                   {x, [c](const Variable<T>& g) { return g / c; }});
}

template <class T>
Variable<T> subtract_from_number(T c, const Variable<T>& x) {
  return operation("subtract", kernels::map(x.value(), [c]<class V>(V p) { return V(c) - p; }),
                   {x, [](const Variable<T>& g) { return -g; }});
}

}  // namespace detail

#define XGRAD_INSTANTIATE(T)                                                \
  template Variable<T> add<T>(const Variable<T>&, const Variable<T>&);      \
  template Variable<T> subtract<T>(const Variable<T>&, const Variable<T>&); \
  template Variable<T> multiply<T>(const Variable<T>&, const Variable<T>&); \
  template Variable<T> divide<T>(const Variable<T>&, const Variable<T>&);   \
  template Variable<T> negative<T>(const Variable<T>&);                     \
  template Variable<T> maximum<T>(const Variable<T>&, const Variable<T>&);  \
  template Variable<float> cast<float, T>(const Variable<T>&);              \
  template Variable<double> cast<double, T>(const Variable<T>&);            \
  template Variable<T> detail::add_number<T>(const Variable<T>&, T);        \
  template Variable<T> detail::multiply_number<T>(const Variable<T>&, T);   \
  template Variable<T> detail::divide_number<T>(const Variable<T>&, T);     \
  template Variable<T> detail::subtract_from_number<T>(T, const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
