#pragma once

#include <autodiff/kernels/functions.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/binary.hpp>
#include <autodiff/ops/comparison.hpp>
#include <autodiff/ops/elementwise.hpp>
#include <autodiff/ops/fused.hpp>

/// \file
/// How functions of numbers become operations: the value as a function of batches, and beside it the formula
/// of each pullback, generic as `pull` reads it. Private to the sources of the operations.

namespace xgrad::detail {

/// a where the condition holds, b elsewhere, in a formula.
template <class T>
auto choose(const xsimd::batch_bool<T>& condition, const std::type_identity_t<kernels::Batch<T>>& a,
            const std::type_identity_t<kernels::Batch<T>>& b) {
  return xsimd::select(condition, a, b);
}
template <IntegerExpression C, class A, class B>
auto choose(C&& condition, const A& a, const B& b) {
  return where(std::forward<C>(condition), a, b);
}

/// Where both conditions hold, in a formula.
template <class T>
auto both(const xsimd::batch_bool<T>& a, const xsimd::batch_bool<T>& b) {
  return a & b;
}
inline Array<bool> both(const Array<bool>& a, const Array<bool>& b) { return a && b; }

/// hypot in a formula.
template <class T>
kernels::Batch<T> length(const kernels::Batch<T>& a, const kernels::Batch<T>& b) {
  return kernels::hypot(a, b);
}
template <class T>
Variable<T> length(const Variable<T>& a, const Variable<T>& b) {
  return hypot(a, b);
}

/// a / b, and 0 where b is 0; so are its derivatives.
template <class A, class B>
auto ratio(const A& a, const B& b) {
  return choose(b == 0, 0, a / choose(b == 0, 1, b));
}

/// `replacement` instead of a factor or divisor at its pole where g is 0, in the formula of a pullback: what no result
/// depends on has gradient 0 there, not the NaN of 0 / 0 or of 0 times infinity. g itself stays, for its derivative.
template <class G, class C, class R, class A>
auto unless_unused(const G& g, const C& at_pole, const R& replacement, const A& a) {
  return choose(both(g == 0, at_pole), replacement, a);
}

/// g / b, and 0 where both are 0, in the formula of a pullback.
template <class G, class B>
auto divided(const G& g, const B& b) {
  return g / unless_unused(g, b == 0, 1.0F, b);
}

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
