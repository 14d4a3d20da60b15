#include <autodiff/instantiate.hpp>
#include <autodiff/ops/activations.hpp>
#include <autodiff/ops/binary.hpp>
#include <autodiff/ops/functions.hpp>

#include <numbers>

namespace xgrad {

using detail::binary;
using detail::both;
using detail::choose;
using detail::length;
using detail::ratio;
using detail::unless_unused;
using kernels::sigmoid;  // of a batch, in formulas

namespace {

/// a^b in a formula.
template <class T>
kernels::Batch<T> power(const kernels::Batch<T>& a, const kernels::Batch<T>& b) {
  return kernels::pow(a, b);
}
template <class T>
Variable<T> power(const Variable<T>& a, const Variable<T>& b) {
  return pow(a, b);
}

/// x^c for batches: the exponents that have a form of their own, by multiplication or a root, else std::pow.
template <class V, class T>
V power_of_number(V x, T c) {
  if (c == T(0)) return V(T(1));
  if (c == T(1)) return x;
  if (c == T(2)) return x * x;
  if (c == T(3)) return x * x * x;
  if (c == T(4)) return (x * x) * (x * x);
  if (c == T(-1)) return V(T(1)) / x;
  if (c == T(-2)) return V(T(1)) / (x * x);
  return kernels::pow(x, V(c));
}
template <class T>
Variable<T> power_of_number(const Variable<T>& x, T c) {
  return detail::pow_number(x, c);
}

/// a - b, and 0 for equal infinities.
template <class A>
auto difference(const A& a, const A& b) {
  return choose(both(a == b, isinf(a)), 0, a - b);
}

}  // namespace

template <class T>
Variable<T> pow(const Variable<T>& a, const Variable<T>& b) {
  const auto value = [](auto p, auto q) { return kernels::pow(p, q); };
  // What is not taken is computed all the same, and has to have finite derivatives.
  const auto by_base = [](const auto& g, const auto& p, const auto& q) {
    const auto flat = both(p == T(0), q == T(0));
    const auto base = unless_unused(g, p == T(0), T(1), choose(flat, T(1), p));
    return g * choose(flat, T(0), q * power(base, q - T(1)));
  };
  const auto by_exponent = [](const auto& g, const auto& p, const auto& q) {
    const auto flat = both(p == T(0), q >= T(0));
    const auto base = unless_unused(g, p == T(0), T(1), p);
    return g * power(base, q) * log(choose(flat, T(1), base));
  };
  return binary("pow", a, b, value, by_base, by_exponent);
}

template <class T>
Variable<T> detail::pow_number(const Variable<T>& x, T c) {
  const auto value = [c](auto p) { return power_of_number(p, c); };
  if (c == T(0)) return steps("pow", x, value);
  return unary("pow", x, value, [c](const auto& g, const auto& p) {
    return c * g * power_of_number(unless_unused(g, p == T(0), T(1), p), c - T(1));
  });
}

template <class T>
Variable<T> hypot(const Variable<T>& a, const Variable<T>& b) {
  return binary(
      "hypot", a, b, [](auto p, auto q) { return kernels::hypot(p, q); },
      [](const auto& g, const auto& p, const auto& q) { return g * ratio(p, length(p, q)); },
      [](const auto& g, const auto& p, const auto& q) { return g * ratio(q, length(p, q)); });
}

template <class T>
Variable<T> logaddexp(const Variable<T>& a, const Variable<T>& b) {
  const auto value = []<class V>(V p, V q) {
    const V larger = xsimd::select(p > q, p, q);
    const V sum = larger + xsimd::log1p(xsimd::exp(-xsimd::abs(p - q)));
    return xsimd::select(p == q, p + V(std::numbers::ln2_v<T>), sum);
  };
  return binary(
      "logaddexp", a, b, value,
      [](const auto& g, const auto& p, const auto& q) { return g * sigmoid(difference(p, q)); },
      [](const auto& g, const auto& p, const auto& q) { return g * sigmoid(difference(q, p)); });
}

template <class T>
Variable<T> xlogy(const Variable<T>& x, const Variable<T>& y) {
  const auto value = []<class V>(V p, V q) {
    return xsimd::select((p == V(T(0))) & (q == q), V(T(0)), p * xsimd::log(q));
  };
  const auto by_x = [](const auto& g, const auto& p, const auto& q) {
    return g * log(unless_unused(g, q == T(0), T(1), choose(both(p == T(0), q <= T(0)), T(1), q)));
  };
  const auto by_y = [](const auto& g, const auto& p, const auto& q) {
    return g * (p / unless_unused(g, q == T(0), T(1), choose(both(p == T(0), q == T(0)), T(1), q)));
  };
  return binary("xlogy", x, y, value, by_x, by_y);
}

#define XGRAD_INSTANTIATE(T)                                                 \
  template Variable<T> pow<T>(const Variable<T>&, const Variable<T>&);       \
  template Variable<T> detail::pow_number<T>(const Variable<T>&, T);         \
  template Variable<T> hypot<T>(const Variable<T>&, const Variable<T>&);     \
  template Variable<T> logaddexp<T>(const Variable<T>&, const Variable<T>&); \
  template Variable<T> xlogy<T>(const Variable<T>&, const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
