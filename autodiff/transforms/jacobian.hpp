#pragma once

#include <autodiff/transforms/grad.hpp>

#include <optional>
#include <type_traits>
#include <utility>

/// \file
/// Jacobian and Hessian matrices, and Hessian-vector products.

namespace xgrad {

namespace detail {

/// The two tapes of a Jacobian: `tape` records the function, and the outer `linear` records the products u^T
/// J, which are linear in u.
struct JacobianTapes {
  std::optional<Tape> linear{std::in_place};
  std::optional<Tape> tape{std::in_place};
};

/// The derivative of each entry of y with respect to each entry of x, in shape {m..., n...}; closes the
/// tapes.
template <class T, class X>
XGRAD_API Variable<X> jacobian(JacobianTapes& tapes, const Variable<T>& y, const Variable<X>& x);

/// Throws ShapeError, naming the caller, if a function's result does not have exactly one entry.
XGRAD_API void check_one_number(const char* caller, const Shape& result);

}  // namespace detail

/// The Jacobian of f(x, others...) with respect to x: for a result of shape {m...} and an x of shape {n...},
/// an array of shape {m..., n...} with the derivative of every entry of the result with respect to every
/// entry of x. Zero if f does not depend on x.
///
/// f is evaluated once, with one backward pass per entry of the result, or per entry of x if x has fewer
/// entries. (The latter differentiates the products u^T J with respect to u, as `jvp` does.)
template <class F, class X, class... Others>
auto jacobian(F&& f, const X& x, const Others&... others) {
  detail::JacobianTapes tapes;
  const auto input = detail::new_input(detail::to_variable(x));
  const auto y = detail::call(f, input, others...);
  return detail::jacobian(tapes, y, input);
}

/// The function (x, others...) -> Jacobian of f(x, others...) with respect to x.
template <class F>
auto jacobian(F f) {
  return [f = std::move(f)](const auto& x, const auto&... others) { return jacobian(f, x, others...); };
}

/// The second derivatives of f(x, others...), which must have one entry, with respect to the entries of x:
/// for an x of shape {n...}, an array of shape {n..., n...}. The gradient is recorded once, with one backward
/// pass per entry of x. Throws ShapeError if f(x, others...) does not have exactly one entry.
template <class F, class X, class... Others>
auto hessian(F&& f, const X& x, const Others&... others) {
  const auto gradient = [&](const auto& input, const auto&... rest) {
    return value_and_grad(
               [&](const auto&... args) {
                 const auto y = detail::call(f, args...);
                 detail::check_one_number("hessian", y.shape());
                 return y;
               },
               input, rest...)
        .second;
  };
  return jacobian(gradient, x, others...);
}

/// The function (x, others...) -> Hessian of f(x, others...) with respect to x.
template <class F>
auto hessian(F f) {
  return [f = std::move(f)](const auto& x, const auto&... others) { return hessian(f, x, others...); };
}

/// The Hessian of f at x times v, in the shape of x: the rate of change of the gradient as x moves along v.
/// The cost is a small multiple of one gradient, independent of the size of x. Throws ShapeError if v does
/// not have the shape of x, or if f(x) does not have exactly one entry.
template <class F, class X, class V>
auto hvp(F&& f, const X& x, const V& v) {
  using T = detail::scalar_t<X>;
  const Variable<T> direction = detail::to_direction<T>(v);
  const Variable<T> given = detail::to_variable(x);
  detail::check_direction("hvp", direction.shape(), given.shape());
  Tape outer;
  const auto input = detail::new_input(given);
  const auto slope = [&] {
    Tape tape;
    const auto y = detail::call(f, input);
    detail::check_one_number("hvp", y.shape());
    return tape.gradient(detail::as_result(y), input);
  }();
  return outer.gradient(detail::as_result(slope), input, direction);
}

}  // namespace xgrad
