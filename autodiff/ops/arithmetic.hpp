#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Elementwise sums, differences, products and quotients, with NumPy's broadcasting. Operands are Variables,
/// xtensor expressions and numbers in any order, at least one of them a Variable. Shapes that do not
/// broadcast throw ShapeError.

namespace xgrad {

/// a + b.
template <class T>
XGRAD_API Variable<T> add(const Variable<T>& a, const Variable<T>& b);

/// a - b.
template <class T>
XGRAD_API Variable<T> subtract(const Variable<T>& a, const Variable<T>& b);

/// a b.
template <class T>
XGRAD_API Variable<T> multiply(const Variable<T>& a, const Variable<T>& b);

/// a / b.
template <class T>
XGRAD_API Variable<T> divide(const Variable<T>& a, const Variable<T>& b);

/// -x.
template <class T>
XGRAD_API Variable<T> negative(const Variable<T>& x);

/// The larger of a and b; NaN if either is NaN. In a tie, each operand gets half of the gradient.
template <class T>
XGRAD_API Variable<T> maximum(const Variable<T>& a, const Variable<T>& b);

/// The smaller of a and b; NaN if either is NaN. In a tie, each operand gets half of the gradient.
template <class T>
XGRAD_API Variable<T> minimum(const Variable<T>& a, const Variable<T>& b);

/// x in another precision; its gradient is cast back.
template <class To, class From>
XGRAD_API Variable<To> cast(const Variable<From>& x);

namespace detail {

/// Operations with a number c, which needs neither an array nor a pullback.
template <class T>
XGRAD_API Variable<T> add_number(const Variable<T>& x, T c);
template <class T>
XGRAD_API Variable<T> multiply_number(const Variable<T>& x, T c);
template <class T>
XGRAD_API Variable<T> divide_number(const Variable<T>& x, T c);
template <class T>
XGRAD_API Variable<T> subtract_from_number(T c, const Variable<T>& x);

}  // namespace detail

template <class A, class B>
  requires Operands<A, B>
auto operator+(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  if constexpr (Number<B>) {
    return detail::add_number<T>(a, static_cast<T>(b));
  } else if constexpr (Number<A>) {
    return detail::add_number<T>(b, static_cast<T>(a));
  } else {
    return add<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
  }
}

template <class A, class B>
  requires Operands<A, B>
auto operator-(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  if constexpr (Number<B>) {
    return detail::add_number<T>(a, -static_cast<T>(b));
  } else if constexpr (Number<A>) {
    return detail::subtract_from_number<T>(static_cast<T>(a), b);
  } else {
    return subtract<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
  }
}

template <class A, class B>
  requires Operands<A, B>
auto operator*(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  if constexpr (Number<B>) {
    return detail::multiply_number<T>(a, static_cast<T>(b));
  } else if constexpr (Number<A>) {
    return detail::multiply_number<T>(b, static_cast<T>(a));
  } else {
    return multiply<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
  }
}

template <class A, class B>
  requires Operands<A, B>
auto operator/(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  if constexpr (Number<B>) {
    return detail::divide_number<T>(a, static_cast<T>(b));
  } else {
    return divide<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
  }
}

template <VariableType X>
auto operator-(X&& x) {
  return negative<detail::common_scalar_t<X>>(x);
}

template <VariableType X>
auto operator+(X&& x) {
  return Variable<detail::common_scalar_t<X>>(x);
}

/// A Variable that is not a Parameter: the value of a Parameter is shared and must not be rebound.
template <class V>
concept PlainVariable = std::same_as<V, Variable<typename V::value_type>>;

/// Rebinds `a` to a + b; other handles to the old value keep it.
template <PlainVariable V, Operand B>
V& operator+=(V& a, B&& b) {
  return a = a + std::forward<B>(b);
}
template <PlainVariable V, Operand B>
V& operator-=(V& a, B&& b) {
  return a = a - std::forward<B>(b);
}
template <PlainVariable V, Operand B>
V& operator*=(V& a, B&& b) {
  return a = a * std::forward<B>(b);
}
template <PlainVariable V, Operand B>
V& operator/=(V& a, B&& b) {
  return a = a / std::forward<B>(b);
}

namespace detail {

/// A Parameter: a Variable that is not a PlainVariable.
template <class V>
concept OwnedVariable = VariableType<V> && !PlainVariable<V>;

template <class V>
V& refuse_change(V& parameter) {
  static_assert(never<V>,
                "xgrad: +=, -=, *= and /= cannot change a Parameter; use an optimiser's step or "
                "w.handle().set_value(array); for a formula, write Variable<float> y = w + x (or double)");
  return parameter;
}

}  // namespace detail

template <detail::OwnedVariable V, Operand B>
V& operator+=(V& a, B&&) {
  return detail::refuse_change(a);
}
template <detail::OwnedVariable V, Operand B>
V& operator-=(V& a, B&&) {
  return detail::refuse_change(a);
}
template <detail::OwnedVariable V, Operand B>
V& operator*=(V& a, B&&) {
  return detail::refuse_change(a);
}
template <detail::OwnedVariable V, Operand B>
V& operator/=(V& a, B&&) {
  return detail::refuse_change(a);
}

template <class A, class B>
  requires Operands<A, B>
auto maximum(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::call<T>([](const Variable<T>& u, const Variable<T>& v) { return maximum(u, v); },
                         std::forward<A>(a), std::forward<B>(b));
}

template <class A, class B>
  requires Operands<A, B>
auto minimum(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::call<T>([](const Variable<T>& u, const Variable<T>& v) { return minimum(u, v); },
                         std::forward<A>(a), std::forward<B>(b));
}

}  // namespace xgrad
