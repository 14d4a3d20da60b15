#include <autodiff/instantiate.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/functions.hpp>
#include <autodiff/ops/reduction.hpp>

namespace xgrad {

using detail::entrywise;
using detail::finish_operation;
using detail::pull;
using detail::sum_to;

namespace {

constexpr auto minus = [](const auto& p) { return -p; };
constexpr auto product = [](const auto& p, const auto& q) { return p * q; };
constexpr auto quotient = [](const auto& p, const auto& q) { return p / q; };
constexpr auto by_dividend = [](const auto& g, const auto& q) { return detail::divided(g, q); };
constexpr auto by_divisor = [](const auto& g, const auto& y, const auto& q) {
  return -detail::divided(g * detail::unless_unused(g, q == 0, 0.0F, y), q);
};

/// The share of the first of two operands in g: all if it is the larger, half in a tie.
constexpr auto share_of_larger = []<class V>(V g, V p, V q) {
  return xsimd::select(p > q, g, xsimd::select(p == q, 0.5F * g, V(0.0F)));
};
constexpr auto share_of_smaller = [](auto g, auto p, auto q) { return share_of_larger(g, q, p); };

}  // namespace

template <class T>
Variable<T> add(const Variable<T>& a, const Variable<T>& b) {
  return finish_operation("add",
                          entrywise(
                              "add", [](auto p, auto q) { return p + q; }, a, b),
                          {{a, [s = a.shape()](Variable<T>&& g) { return sum_to(std::move(g), s); }},
                           {b, [s = b.shape()](Variable<T>&& g) { return sum_to(std::move(g), s); }}});
}

template <class T>
Variable<T> subtract(const Variable<T>& a, const Variable<T>& b) {
  return finish_operation(
      "subtract",
      entrywise(
          "subtract", [](auto p, auto q) { return p - q; }, a, b),
      {{a, [s = a.shape()](Variable<T>&& g) { return sum_to(std::move(g), s); }},
       {b, [s = b.shape()](Variable<T>&& g) { return sum_to(pull(minus, std::move(g)), s); }}});
}

template <class T>
Variable<T> multiply(const Variable<T>& a, const Variable<T>& b) {
  return finish_operation(
      "multiply", entrywise("multiply", product, a, b),
      {{a, [b, s = a.shape()](Variable<T>&& g) { return sum_to(pull(product, std::move(g), b), s); }},
       {b, [a, s = b.shape()](Variable<T>&& g) { return sum_to(pull(product, std::move(g), a), s); }}});
}

template <class T>
Variable<T> divide(const Variable<T>& a, const Variable<T>& b) {
  return finish_operation(
      "divide", entrywise("divide", quotient, a, b),
      {{a, [b, s = a.shape()](Variable<T>&& g) { return sum_to(pull(by_dividend, std::move(g), b), s); }},
       {b, [b](Variable<T>&& g, const Variable<T>& y) {
          return sum_to(pull(by_divisor, std::move(g), y, b), b.shape());
        }}});
}

template <class T>
Variable<T> negative(const Variable<T>& x) {
  return finish_operation("negative", entrywise("negative", minus, x),
                          {x, [](Variable<T>&& g) { return pull(minus, std::move(g)); }});
}

template <class T>
Variable<T> maximum(const Variable<T>& a, const Variable<T>& b) {
  const auto value = [](auto p, auto q) { return xsimd::select((p > q) | xsimd::isnan(p), p, q); };
  return detail::piecewise("maximum", a, b, value, share_of_larger, share_of_smaller);
}

template <class T>
Variable<T> minimum(const Variable<T>& a, const Variable<T>& b) {
  const auto value = [](auto p, auto q) { return xsimd::select((p < q) | xsimd::isnan(p), p, q); };
  return detail::piecewise("minimum", a, b, value, share_of_smaller, share_of_larger);
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
  return finish_operation(
      "add",
      entrywise("add", [c](auto p) { return p + c; }, x), {x, [](Variable<T>&& g) { return std::move(g); }});
}

template <class T>
Variable<T> multiply_number(const Variable<T>& x, T c) {
  const auto product = [c](const auto& p) { return p * c; };
  return finish_operation("multiply", entrywise("multiply", product, x),
                          {x, [product](Variable<T>&& g) { return pull(product, std::move(g)); }});
}

template <class T>
Variable<T> divide_number(const Variable<T>& x, T c) {
  const auto quotient = [c](const auto& p) { return p / c; };
  return finish_operation("divide", entrywise("divide", quotient, x),
                          {x, [quotient](Variable<T>&& g) { return pull(quotient, std::move(g)); }});
}

template <class T>
Variable<T> subtract_from_number(T c, const Variable<T>& x) {
  return finish_operation("subtract",
                          entrywise(
                              "subtract", [c](auto p) { return c - p; }, x),
                          {x, [](Variable<T>&& g) { return pull(minus, std::move(g)); }});
}

}  // namespace detail

#define XGRAD_INSTANTIATE(T)                                                \
  template Variable<T> add<T>(const Variable<T>&, const Variable<T>&);      \
  template Variable<T> subtract<T>(const Variable<T>&, const Variable<T>&); \
  template Variable<T> multiply<T>(const Variable<T>&, const Variable<T>&); \
  template Variable<T> divide<T>(const Variable<T>&, const Variable<T>&);   \
  template Variable<T> negative<T>(const Variable<T>&);                     \
  template Variable<T> maximum<T>(const Variable<T>&, const Variable<T>&);  \
  template Variable<T> minimum<T>(const Variable<T>&, const Variable<T>&);  \
  template Variable<float> cast<float, T>(const Variable<T>&);              \
  template Variable<double> cast<double, T>(const Variable<T>&);            \
  template Variable<T> detail::add_number<T>(const Variable<T>&, T);        \
  template Variable<T> detail::multiply_number<T>(const Variable<T>&, T);   \
  template Variable<T> detail::divide_number<T>(const Variable<T>&, T);     \
  template Variable<T> detail::subtract_from_number<T>(T, const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
