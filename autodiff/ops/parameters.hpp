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
/// Operations whose names xtensor has too, for Parameters. xtensor's functions take anything, `view(E&& e,
/// ...)`: with its namespace open, or an argument from it, they fit a Parameter better than a function of
/// Variables, which wants a conversion to the base class. Each overload here takes a Parameter of one value
/// category as it is, and is more specialised.

namespace xgrad {

namespace detail {

/// The Variable that a Parameter is.
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
