#pragma once

#include <autodiff/ops/lift.hpp>

#include <vector>

/// \file
/// Products of arrays other than `matmul` and `einsum`, as NumPy defines them. Operands are Variables,
/// xtensor expressions and numbers in any order, at least one of them a Variable or an array.

namespace xgrad {

namespace detail {

/// x with each group of axes joined into one axis, the last axis of a group varying fastest; an empty group
/// becomes an axis of extent 1. Every axis of x belongs to one group.
template <class T>
Variable<T> join_axes(const Variable<T>& x, const std::vector<std::vector<int>>& groups);

template <class T>
XGRAD_API Variable<T> dot(const Variable<T>& a, const Variable<T>& b);
template <class T>
XGRAD_API Variable<T> vdot(const Variable<T>& a, const Variable<T>& b);
template <class T>
XGRAD_API Variable<T> inner(const Variable<T>& a, const Variable<T>& b);
template <class T>
XGRAD_API Variable<T> outer(const Variable<T>& a, const Variable<T>& b);
template <class T>
XGRAD_API Variable<T> kron(const Variable<T>& a, const Variable<T>& b);
template <class T>
XGRAD_API Variable<T> tensordot(const Variable<T>& a, const Variable<T>& b, int axes);
template <class T>
XGRAD_API Variable<T> tensordot(const Variable<T>& a, const Variable<T>& b, const std::vector<int>& axes_a,
                                const std::vector<int>& axes_b);

}  // namespace detail

/// The sum of products over the last axis of a and the second to last of b (its only axis if b is 1-D):
/// shapes {..., k} and {___, k, n} give {..., ___, n}; `matmul` would broadcast the leading axes instead. If
/// an operand is a number, the product a b. Throws ShapeError if the extents differ.
template <class A, class B>
  requires ArrayOperands<A, B>
auto dot(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::dot<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
}

/// The number sum(a b) of two arrays with equally many entries, taken in row-major order. Throws ShapeError
/// if the numbers of entries differ.
template <class A, class B>
  requires ArrayOperands<A, B>
auto vdot(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::vdot<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
}

/// The sum of products over the last axes of both: {..., k} and {___, k} give {..., ___}. If an operand is a
/// number, the product a b. Throws ShapeError if the extents differ.
template <class A, class B>
  requires ArrayOperands<A, B>
auto inner(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::inner<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
}

/// The products a_i b_j of all pairs of entries, {m, n} for operands of m and n entries in row-major order.
template <class A, class B>
  requires ArrayOperands<A, B>
auto outer(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::outer<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
}

/// The Kronecker product: for each entry of a, a block of b scaled by it. Extents multiply axis by axis; the
/// operand with fewer axes gets leading axes of extent 1.
template <class A, class B>
  requires ArrayOperands<A, B>
auto kron(A&& a, B&& b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::kron<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)));
}

/// The sum of products over the last `axes` axes of a and the first `axes` axes of b, in that order; for 0,
/// the products of all pairs of entries. The result has the other axes of a, then those of b. Throws
/// ShapeError if an operand has fewer axes or extents differ, ValueError for a negative number.
template <class A, class B>
  requires ArrayOperands<A, B>
auto tensordot(A&& a, B&& b, int axes = 2) {
  using T = detail::common_scalar_t<A, B>;
  return detail::tensordot<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)), axes);
}

/// The same over the given axes, the i-th of one list with the i-th of the other: tensordot(a, b, {0, 1}, {1,
/// 0}). Throws ShapeError if the lists differ in length, an axis is given twice or out of range, or extents
/// differ.
template <class A, class B>
  requires ArrayOperands<A, B>
auto tensordot(A&& a, B&& b, const std::vector<int>& axes_a, const std::vector<int>& axes_b) {
  using T = detail::common_scalar_t<A, B>;
  return detail::tensordot<T>(detail::lift<T>(std::forward<A>(a)), detail::lift<T>(std::forward<B>(b)),
                              axes_a, axes_b);
}

/// The product of n copies of each square matrix {..., m, m}, by repeated squaring; the identity for n = 0.
/// Throws ShapeError if the matrices are not square, ValueError for a negative exponent.
template <class T>
XGRAD_API Variable<T> matrix_power(const Variable<T>& x, int n);

}  // namespace xgrad
