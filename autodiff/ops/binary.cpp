#include <autodiff/instantiate.hpp>
#include <autodiff/ops/binary.hpp>
#include <autodiff/ops/detail/functions.hpp>

namespace xgrad {

using detail::binary;
using detail::both;
using detail::choose;
using detail::unless_unused;

namespace {

/// A number as the second operand of a formula.
template <class T>
kernels::Batch<T> number_beside(const kernels::Batch<T>&, T c) {
  return kernels::Batch<T>(c);
}
template <class T>
Variable<T> number_beside(const Variable<T>&, T c) {
  return constant(full<T>(Shape{}, c));
}

/// e^a / (e^a + e^b), the derivative of logaddexp, as a differentiable function.
using kernels::logaddexp_share;

template <class T>
Variable<T> logaddexp_share(const Variable<T>& a, const Variable<T>& b) {
  return binary(
      "logaddexp_share", a, b, [](auto p, auto q) { return kernels::logaddexp_share(p, q); },
      [](const auto& g, const auto& p, const auto& q) {
        return g * (logaddexp_share(p, q) * logaddexp_share(q, p));
      },
      [](const auto& g, const auto& p, const auto& q) {
        return -(g * (logaddexp_share(p, q) * logaddexp_share(q, p)));
      });
}

}  // namespace

template <class T>
Variable<T> pow(const Variable<T>& a, const Variable<T>& b) {
  return binary(
      "pow", a, b, [](auto p, auto q) { return kernels::pow(p, q); }, pullbacks::of_pow_by_base,
      pullbacks::of_pow_by_exponent);
}

template <class T>
Variable<T> detail::pow_number(const Variable<T>& x, T c) {
  const auto value = [c](auto p) { return kernels::power_of_number(p, c); };
  if (c == T(0)) return steps("pow", x, value);
  if (has_power_below(c)) {
    return unary("pow", x, value, [c](const auto& g, const auto& p) {
      const auto base = c < T(1) ? unless_unused(g, p == T(0), T(1), p) : p;
      return c * g * power_of_number(base, c - T(1));
    });
  }
  return unary("pow", x, value, [c](const auto& g, const auto& p) {
    return pullbacks::of_pow_by_base(g, p, number_beside(p, c));
  });
}

template <class T>
Variable<T> hypot(const Variable<T>& a, const Variable<T>& b) {
  return binary(
      "hypot", a, b, [](auto p, auto q) { return kernels::hypot(p, q); }, pullbacks::of_hypot_by_first,
      pullbacks::of_hypot_by_second);
}

template <class T>
Variable<T> logaddexp(const Variable<T>& a, const Variable<T>& b) {
  return binary(
      "logaddexp", a, b, [](auto p, auto q) { return kernels::logaddexp(p, q); },
      [](const auto& g, const auto& p, const auto& q) { return g * logaddexp_share(p, q); },
      [](const auto& g, const auto& p, const auto& q) { return g * logaddexp_share(q, p); });
}

template <class T>
Variable<T> xlogy(const Variable<T>& x, const Variable<T>& y) {
  const auto value = []<class V>(V p, V q) {
    return xsimd::select((p == V(T(0))) & (q == q), V(T(0)), p * kernels::log(q));
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
