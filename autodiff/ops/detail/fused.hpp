#pragma once

#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/operation.hpp>
#include <autodiff/ops/reduction.hpp>

/// \file
/// Evaluation of elementwise operations and their pullbacks from one formula. Private to the sources of the
/// operations.

namespace xgrad::detail {

/// The shape that the operands broadcast to.
template <class A>
const Shape& fused_shape(const char*, const Variable<A>& a) {
  return a.shape();
}
template <class A, class B>
Shape fused_shape(const char* operation, const Variable<A>& a, const Variable<B>& b) {
  return a.shape() == b.shape() ? a.shape() : broadcast_shape(operation, a.shape(), b.shape());
}

/// f(x...) for every entry of one or two operands that broadcast, as a new Variable without other handles.
/// `f` is called with xsimd batches. Throws ShapeError, naming the operation, if the shapes do not broadcast.
template <class T, class F, class... X>
Variable<T> entrywise(const char* operation, F f, const Variable<T>& x, const X&... others) {
  Variable<T> result = new_variable<T>(fused_shape(operation, x, others...));
  kernels::map_all_into(entries(result).data(), result.shape(), f, x.value(), others.value()...);
  return result;
}

/// formula(g, x...), vectorised, in one pass, and in place if no other handle shares the memory of g; the
/// x... broadcast to the shape of g. Only for use if no tape records.
template <class T, class F, class... X>
Variable<T> pull_in_one_pass(F formula, Variable<T>&& g, const X&... x) {
  const bool constant = g.node()->constant && (x.node()->constant && ...);
  const bool in_place = g.node().is_unique();
  Variable<T> result = in_place ? renewed(std::move(g)) : new_variable<T>(g.shape());
  kernels::map_all_into(entries(result).data(), result.shape(), formula, (in_place ? result : g).value(),
                        x.value()...);
  mark_computed(*result.node(), constant);
  return result;
}

/// The cotangent formula(g, x...) of an elementwise operation. The formula is generic: if a tape records, it
/// is evaluated with Variables, operation by operation, so that it can be differentiated; otherwise in one
/// pass.
template <class T, class F, class... X>
Variable<T> pull(F formula, Variable<T>&& g, const X&... x) {
  if (is_recording()) return formula(std::as_const(g), x...);
  return pull_in_one_pass(formula, std::move(g), x...);
}

/// Sums a cotangent to the shape of an operand that was broadcast; returns it unchanged if it has that shape.
template <class T>
Variable<T> sum_to(Variable<T>&& g, const Shape& shape) {
  return g.shape() == shape ? std::move(g) : sum_to(std::as_const(g), shape);
}

}  // namespace xgrad::detail
