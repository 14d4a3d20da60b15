#pragma once

#include <autodiff/ops/diagonals.hpp>
#include <autodiff/ops/indexing.hpp>
#include <autodiff/ops/joining.hpp>
#include <autodiff/ops/norm.hpp>
#include <autodiff/ops/padding.hpp>
#include <autodiff/ops/rearrangement.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/scan.hpp>
#include <autodiff/ops/shape.hpp>
#include <autodiff/ops/statistics.hpp>
#include <autodiff/parameter.hpp>

/// \file
/// Overloads for Parameters of operations whose names xtensor has too. xtensor's functions accept any type,
/// `view(E&& e, ...)`: with its namespace open, or with an argument of one of its types, they match a
/// Parameter better than a function of Variables, which needs a conversion to the base class. Each overload
/// here takes a Parameter of one value category without a conversion, and is more specialised.

namespace xgrad {

namespace detail {

/// A Parameter as its base class Variable.
template <class T>
const Variable<T>& handle_of(const Variable<T>& x) {
  return x;
}

}  // namespace detail

#define XGRAD_PARAMETER Parameter<T>&
#include <autodiff/ops/detail/each_parameter.hpp>
#undef XGRAD_PARAMETER
#define XGRAD_PARAMETER const Parameter<T>&
#include <autodiff/ops/detail/each_parameter.hpp>
#undef XGRAD_PARAMETER
#define XGRAD_PARAMETER Parameter<T>&&
#include <autodiff/ops/detail/each_parameter.hpp>
#undef XGRAD_PARAMETER

}  // namespace xgrad
