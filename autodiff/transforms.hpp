#pragma once

#include <autodiff/tape.hpp>
#include <autodiff/variable.hpp>

#include <utility>

/// \file
/// Functions of functions: from one that computes with Variables to one that gives its derivative. They nest:
/// grad(grad(f)) is the second derivative.

namespace xgrad {

namespace detail {

/// The argument as an input of the innermost tape: it took part, whatever the function does with it.
template <class T>
XGRAD_API Variable<T> as_input(const Variable<T>& x);

template <class X>
auto to_variable(const X& x) {
  if constexpr (VariableType<X>) {
    return Variable<typename X::value_type>(x);
  } else if constexpr (std::is_arithmetic_v<X>) {
    return Variable<double>(static_cast<double>(x));
  } else {
    return Variable<typename X::value_type>(x);
  }
}

}  // namespace detail

/// The value f(x, others...) and its gradient by x, from one recording: a pair. f gives one number; where it
/// does not depend on x, the gradient is zero. Throws TapeError where f(x) is not one number.
template <class F, class X, class... Others>
auto value_and_grad(F&& f, const X& x, const Others&... others) {
  const auto given = detail::to_variable(x);
  Tape tape;
  const auto input = detail::as_input(given);
  auto value = f(input, others...);
  auto gradient = tape.gradient(value, input);
  return std::pair(std::move(value), std::move(gradient));
}

/// The function x, others... -> the gradient of f(x, others...) by x.
template <class F>
auto grad(F f) {
  return [f = std::move(f)](const auto& x, const auto&... others) {
    return value_and_grad(f, x, others...).second;
  };
}

}  // namespace xgrad
