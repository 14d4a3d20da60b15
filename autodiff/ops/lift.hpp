#pragma once

#include <autodiff/operation.hpp>

#include <concepts>
#include <cstdlib>
#include <type_traits>

/// \file
/// Conversion of the arguments of an operation to Variables. An operation takes Variables, xtensor
/// expressions and numbers in any order, at least one of them a Variable; without a Variable, the call is to
/// xtensor's function. Operations that xtensor lacks, such as `matmul`, also take arrays alone, as constants.

namespace xgrad {

namespace detail {

template <class X>
struct variable_scalar {
  using type = void;
};
template <VariableType X>
struct variable_scalar<X> {
  using type = typename std::remove_cvref_t<X>::value_type;
};

/// The precision of the first Variable among the arguments; void if there is none.
template <class First, class... Rest>
struct common_scalar {
  using own = typename variable_scalar<First>::type;
  using type =
      typename std::conditional_t<std::is_void_v<own>, common_scalar<Rest...>, variable_scalar<First>>::type;
};
template <class Last>
struct common_scalar<Last> : variable_scalar<Last> {};

/// The precision of the first array among the arguments; void if there is none. For an array of integers it
/// is float, and `lift` rejects the array.
template <class First, class... Rest>
struct common_entry : std::conditional_t<Expression<First>, common_entry<First>, common_entry<Rest...>> {};
template <class Last>
struct common_entry<Last> {
  using type = void;
};
template <Expression Last>
struct common_entry<Last> {
  using entry = typename std::remove_cvref_t<Last>::value_type;
  using type = std::conditional_t<Precision<entry>, entry, float>;
};

template <class... X>
struct common_precision
    : std::conditional_t<(VariableType<X> || ...), common_scalar<X...>, common_entry<X...>> {};

template <class... X>
using common_scalar_t = typename common_precision<X...>::type;

}  // namespace detail

/// An argument of an operation: a Variable, an xtensor expression or a number.
template <class X>
concept Operand = VariableType<X> || Expression<X> || Number<X>;

/// Arguments of an operation: operands, at least one of them a Variable.
template <class... X>
concept Operands = (Operand<X> && ...) && (VariableType<X> || ...);

/// Arguments of an operation that xtensor lacks: operands, at least one of them a Variable or an array.
template <class... X>
concept ArrayOperands = (Operand<X> && ...) && Precision<detail::common_scalar_t<X...>>;

namespace detail {

/// The argument as a Variable of precision T: arrays and numbers become constants, a Variable is returned
/// unchanged.
template <class T, class X>
std::conditional_t<VariableType<X>, const Variable<T>&, Variable<T>> lift(X&& x) {
  if constexpr (VariableType<X>) {
    constexpr bool same = std::is_same_v<typename std::remove_cvref_t<X>::value_type, T>;
    static_assert(same,
                  "xgrad: the Variables of an operation have different precisions; cast one of them, "
                  "cast<float>(x) or cast<double>(x)");
    if constexpr (same) {
      return x;
    } else {
      std::abort();  // only after the assertion failed; avoids a warning about a missing return
    }
  } else if constexpr (Number<X>) {
    return constant(full<T>(Shape{}, static_cast<T>(x)));
  } else {
    constexpr bool same = std::is_same_v<typename std::remove_cvref_t<X>::value_type, T>;
    static_assert(
        same,
        "xgrad: an operation takes arrays of float or of double, of the precision of its Variables; cast the "
        "array, e.g. xt::cast<float>(array)");
    if constexpr (same) {
      return constant<T>(to_array<T>(std::forward<X>(x)));
    } else {
      return Variable<T>();
    }
  }
}

/// f of two arguments as Variables of precision T.
template <class T, class F, class A, class B>
Variable<T> call(const F& f, A&& a, B&& b) {
  const Variable<T>& u = lift<T>(std::forward<A>(a));
  const Variable<T>& v = lift<T>(std::forward<B>(b));
  return f(u, v);
}

}  // namespace detail

}  // namespace xgrad
