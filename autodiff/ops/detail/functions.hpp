#pragma once

#include <autodiff/ops/detail/fused.hpp>
#include <autodiff/ops/detail/pullbacks.hpp>

/// \file
/// Elementwise operations from functions of numbers: the value as a function of batches, and the formula of
/// each pullback, generic as required by `pull`. Private to the sources of the operations.

namespace xgrad::detail {

/// A function of one number whose pullback is a formula of (g, x): the tape keeps x.
template <class T, class F, class P>
Variable<T> unary(const char* name, const Variable<T>& x, F value, P pullback) {
  return finish_operation(name, entrywise(name, value, x),
                          {x, [x, pullback](Variable<T>&& g) { return pull(pullback, std::move(g), x); }});
}

/// A function of one number whose pullback is a formula of (g, y): the tape keeps the result y.
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

/// share(g, x...), a function of batches that is linear in g, with slopes that are piecewise constant in the
/// x. Entries of g that an operand has no share in do not propagate, even if they are infinite or NaN.
template <class T, class F, class... X>
Variable<T> pull_share(const char* name, F share, Variable<T>&& g, const X&... x) {
  if (!is_recording()) return pull_in_one_pass(share, std::move(g), x...);
  Variable<T> result = new_variable<T>(g.shape());
  kernels::map_all_into(entries(result).data(), g.shape(), share, g.value(), x.value()...);
  return finish_operation(name, std::move(result),
                          {g, [=](Variable<T>&& h) { return pull_share(name, share, std::move(h), x...); }});
}

/// A piecewise linear function of one number, and the share(g, x) of x in g.
template <class T, class F, class S>
Variable<T> piecewise(const char* name, const Variable<T>& x, F value, S share) {
  return finish_operation(name, entrywise(name, value, x), {x, [name, x, share](Variable<T>&& g) {
                                                              return pull_share(name, share, std::move(g), x);
                                                            }});
}

/// A piecewise linear function of two numbers, and their shares of_a(g, a, b) and of_b(g, a, b) in g.
template <class T, class F, class A, class B>
Variable<T> piecewise(const char* name, const Variable<T>& a, const Variable<T>& b, F value, A of_a, B of_b) {
  return finish_operation(
      name, entrywise(name, value, a, b),
      {{a, [=](Variable<T>&& g) { return sum_to(pull_share(name, of_a, std::move(g), a, b), a.shape()); }},
       {b, [=](Variable<T>&& g) { return sum_to(pull_share(name, of_b, std::move(g), a, b), b.shape()); }}});
}

/// A piecewise constant function of one number: its gradient is 0.
template <class T, class F>
Variable<T> steps(const char* name, const Variable<T>& x, F value) {
  return finish_operation(name, entrywise(name, value, x),
                          {x, [](const Variable<T>& g) { return constant(full<T>(g.shape(), T(0))); }});
}

}  // namespace xgrad::detail
