#pragma once

#include <autodiff/ops/detail/fused.hpp>
#include <autodiff/ops/detail/pullbacks.hpp>

/// \file
/// How functions of numbers become operations: the value as a function of batches, and beside it the formula
/// of each pullback, generic as `pull` reads it. Private to the sources of the operations.

namespace xgrad::detail {

/// A function of one number whose pullback is a formula of (g, x): x is what the tape keeps.
template <class T, class F, class P>
Variable<T> unary(const char* name, const Variable<T>& x, F value, P pullback) {
  return finish_operation(name, entrywise(name, value, x),
                          {x, [x, pullback](Variable<T>&& g) { return pull(pullback, std::move(g), x); }});
}

/// A function of one number whose pullback is a formula of (g, y), y being its result.
template <class T, class F, class P>
Variable<T> unary_by_result(const char* name, const Variable<T>& x, F value, P pullback) {
  return finish_operation(
      name, entrywise(name, value, x),
      {x, [pullback](Variable<T>&& g, const Variable<T>& y) { return pull(pullback, std::move(g), y); }});
}

/// A function of two numbers, with broadcasting; its pullbacks are formulas of (g, a, b).
template <class T, class F, class A, class B>
Variable<T> binary(const char* name, const Variable<T>& a, const Variable<T>& b, F value, A by_a, B by_b) {
  return finish_operation(
      name, entrywise(name, value, a, b),
      {{a, [a, b, by_a](Variable<T>&& g) { return sum_to(pull(by_a, std::move(g), a, b), a.shape()); }},
       {b, [a, b, by_b](Variable<T>&& g) { return sum_to(pull(by_b, std::move(g), a, b), b.shape()); }}});
}

/// share(g, x...), a function of batches that is linear in g, with slopes that do not depend on the x
/// between the edges of the pieces. Where g is not taken, infinities and NaN in it do not get through.
template <class T, class F, class... X>
Variable<T> pull_share(const char* name, F share, Variable<T>&& g, const X&... x) {
  if (!is_recording()) return pull_in_one_pass(share, std::move(g), x...);
  Variable<T> result = new_variable<T>(g.shape());
  kernels::map_all_into(entries(result).data(), g.shape(), share, g.value(), x.value()...);
  return finish_operation(name, std::move(result),
                          {g, [=](Variable<T>&& h) { return pull_share(name, share, std::move(h), x...); }});
}

/// A function of one number that is made of straight pieces, and the share (g, x) that x has in g.
template <class T, class F, class S>
Variable<T> piecewise(const char* name, const Variable<T>& x, F value, S share) {
  return finish_operation(name, entrywise(name, value, x), {x, [name, x, share](Variable<T>&& g) {
                                                              return pull_share(name, share, std::move(g), x);
                                                            }});
}

/// A function of two numbers that is made of straight pieces, and the shares (g, a, b) that they have in g.
template <class T, class F, class A, class B>
Variable<T> piecewise(const char* name, const Variable<T>& a, const Variable<T>& b, F value, A of_a, B of_b) {
  return finish_operation(
      name, entrywise(name, value, a, b),
      {{a, [=](Variable<T>&& g) { return sum_to(pull_share(name, of_a, std::move(g), a, b), a.shape()); }},
       {b, [=](Variable<T>&& g) { return sum_to(pull_share(name, of_b, std::move(g), a, b), b.shape()); }}});
}

/// A function of one number that is constant between its jumps: its gradient is 0.
template <class T, class F>
Variable<T> steps(const char* name, const Variable<T>& x, F value) {
  return finish_operation(name, entrywise(name, value, x),
                          {x, [](const Variable<T>& g) { return constant(full<T>(g.shape(), T(0))); }});
}

}  // namespace xgrad::detail
