#pragma once

#include <autodiff/variable.hpp>

#include <type_traits>

namespace xgrad::nn {

/// What models, layers and losses take: a Variable or an xtensor expression.
template <class X>
concept LayerInput = VariableType<X> || Expression<X>;

namespace detail {

/// The argument as a Variable; a raw array becomes an input.
template <LayerInput X>
auto as_variable(const X& x) {
  return Variable<typename X::value_type>(x);
}

}  // namespace detail

}  // namespace xgrad::nn
