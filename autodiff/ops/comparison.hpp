#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Elementwise comparisons, with NumPy's broadcasting. The results are boolean arrays, for `where` and for
/// xtensor's `&&`, `||`, `!`, `xt::any` and `xt::all`. Operands are Variables, xtensor expressions and
/// numbers in any order, at least one of them a Variable; a number is converted to the Variable's precision.
/// Between arrays alone, `==` and `!=` are xtensor's and compare whole arrays: `a.value() == b.value()` is a
/// single bool. With NaN, every comparison but `!=` is false. Shapes that do not broadcast throw ShapeError.

namespace xgrad {

namespace detail {

enum class Comparison : std::uint8_t { equal, not_equal, less, less_equal };

template <class T>
XGRAD_API Array<bool> compare(Comparison comparison, const Variable<T>& a, const Variable<T>& b);

/// Compares two operands.
template <class A, class B>
Array<bool> compare_operands(Comparison comparison, A&& a, B&& b) {
  using T = common_scalar_t<A, B>;
  return compare<T>(comparison, lift<T>(std::forward<A>(a)), lift<T>(std::forward<B>(b)));
}

}  // namespace detail

/// True where a = b.
template <class A, class B>
  requires Operands<A, B>
Array<bool> operator==(A&& a, B&& b) {
  return detail::compare_operands(detail::Comparison::equal, std::forward<A>(a), std::forward<B>(b));
}

/// True where a and b differ.
template <class A, class B>
  requires Operands<A, B>
Array<bool> operator!=(A&& a, B&& b) {
  return detail::compare_operands(detail::Comparison::not_equal, std::forward<A>(a), std::forward<B>(b));
}

/// True where a < b.
template <class A, class B>
  requires Operands<A, B>
Array<bool> operator<(A&& a, B&& b) {
  return detail::compare_operands(detail::Comparison::less, std::forward<A>(a), std::forward<B>(b));
}

/// True where a <= b.
template <class A, class B>
  requires Operands<A, B>
Array<bool> operator<=(A&& a, B&& b) {
  return detail::compare_operands(detail::Comparison::less_equal, std::forward<A>(a), std::forward<B>(b));
}

/// True where a > b.
template <class A, class B>
  requires Operands<A, B>
Array<bool> operator>(A&& a, B&& b) {
  return detail::compare_operands(detail::Comparison::less, std::forward<B>(b), std::forward<A>(a));
}

/// True where a >= b.
template <class A, class B>
  requires Operands<A, B>
Array<bool> operator>=(A&& a, B&& b) {
  return detail::compare_operands(detail::Comparison::less_equal, std::forward<B>(b), std::forward<A>(a));
}

/// True where x is NaN.
template <class T>
XGRAD_API Array<bool> isnan(const Variable<T>& x);

/// True where x is plus or minus infinity.
template <class T>
XGRAD_API Array<bool> isinf(const Variable<T>& x);

/// True where x is neither infinite nor NaN.
template <class T>
XGRAD_API Array<bool> isfinite(const Variable<T>& x);

}  // namespace xgrad
