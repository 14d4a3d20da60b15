#pragma once

#include <autodiff/ops/activations.hpp>
#include <autodiff/ops/adaptive_pooling.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/binary.hpp>
#include <autodiff/ops/comparison.hpp>
#include <autodiff/ops/convolution.hpp>
#include <autodiff/ops/diagonals.hpp>
#include <autodiff/ops/dropout.hpp>
#include <autodiff/ops/einsum.hpp>
#include <autodiff/ops/factorizations.hpp>
#include <autodiff/ops/gather.hpp>
#include <autodiff/ops/hyperbolic.hpp>
#include <autodiff/ops/indexing.hpp>
#include <autodiff/ops/joining.hpp>
#include <autodiff/ops/linalg.hpp>
#include <autodiff/ops/matrix_exponential.hpp>
#include <autodiff/ops/norm.hpp>
#include <autodiff/ops/normalization.hpp>
#include <autodiff/ops/padding.hpp>
#include <autodiff/ops/parameters.hpp>
#include <autodiff/ops/piecewise.hpp>
#include <autodiff/ops/pooling.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/products.hpp>
#include <autodiff/ops/pseudoinverse.hpp>
#include <autodiff/ops/rearrangement.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/scan.hpp>
#include <autodiff/ops/shape.hpp>
#include <autodiff/ops/softmax.hpp>
#include <autodiff/ops/solve.hpp>
#include <autodiff/ops/sorting.hpp>
#include <autodiff/ops/special.hpp>
#include <autodiff/ops/statistics.hpp>
#include <autodiff/ops/trigonometry.hpp>
#include <autodiff/ops/unfold.hpp>

/// \file
/// Further ways to call operations besides `xgrad::exp(variable)`: under xtensor's name, `xt::exp(variable)`,
/// and, for operations that xtensor lacks, on arrays alone, `relu(array)`.

namespace xt {

using xgrad::abs;
using xgrad::acos;
using xgrad::acosh;
using xgrad::argmax;
using xgrad::argmin;
using xgrad::argsort;
using xgrad::asin;
using xgrad::asinh;
using xgrad::atan;
using xgrad::atan2;
using xgrad::atanh;
using xgrad::cast;
using xgrad::cbrt;
using xgrad::ceil;
using xgrad::clip;
using xgrad::concatenate;
using xgrad::cos;
using xgrad::cosh;
using xgrad::cumprod;
using xgrad::cumsum;
using xgrad::diag;
using xgrad::diagonal;
using xgrad::erf;
using xgrad::erfc;
using xgrad::exp;
using xgrad::exp2;
using xgrad::expand_dims;
using xgrad::expm1;
using xgrad::flatten;
using xgrad::flip;
using xgrad::floor;
using xgrad::fmod;
using xgrad::hstack;
using xgrad::hypot;
using xgrad::isfinite;
using xgrad::isinf;
using xgrad::isnan;
using xgrad::lgamma;
using xgrad::log;
using xgrad::log10;
using xgrad::log1p;
using xgrad::log2;
using xgrad::maximum;
using xgrad::mean;
using xgrad::median;
using xgrad::meshgrid;
using xgrad::minimum;
using xgrad::moveaxis;
using xgrad::norm;
using xgrad::pad;
using xgrad::pow;
using xgrad::prod;
using xgrad::quantile;
using xgrad::repeat;
using xgrad::roll;
using xgrad::round;
using xgrad::sign;
using xgrad::sin;
using xgrad::sinh;
using xgrad::sort;
using xgrad::split;
using xgrad::sqrt;
using xgrad::square;
using xgrad::squeeze;
using xgrad::stack;
using xgrad::stddev;
using xgrad::sum;
using xgrad::swapaxes;
using xgrad::tan;
using xgrad::tanh;
using xgrad::tile;
using xgrad::transpose;
using xgrad::tril;
using xgrad::triu;
using xgrad::trunc;
using xgrad::view;
using xgrad::vstack;
using xgrad::where;

// NumPy's and xtensor's names for `max`, `min` and `var`, for Variables and for Parameters as in
// ops/parameters.hpp.
#define XGRAD_ALIAS(X, name, function, Options, Argument)                                       \
  template <class T, xgrad::detail::Argument O = xgrad::Options>                                \
  auto name(X x, O options = {}) {                                                              \
    return xgrad::function(xgrad::detail::handle_of<T>(x), options);                            \
  }                                                                                             \
  template <class T, xgrad::detail::AxesArgument A, xgrad::detail::Argument O = xgrad::Options> \
  auto name(X x, A&& axes, O options = {}) {                                                    \
    return xgrad::function(xgrad::detail::handle_of<T>(x), axes, options);                      \
  }                                                                                             \
  template <class T, std::integral I, xgrad::detail::Argument O = xgrad::Options>               \
  auto name(X x, std::initializer_list<I> axes, O options = {}) {                               \
    return xgrad::function(xgrad::detail::handle_of<T>(x), axes, options);                      \
  }
#define XGRAD_ALIASES(X)                            \
  XGRAD_ALIAS(X, amax, max, KeepDims, KeepArgument) \
  XGRAD_ALIAS(X, amin, min, KeepDims, KeepArgument) \
  XGRAD_ALIAS(X, variance, var, VarianceOptions, VarianceArgument)
XGRAD_ALIASES(xgrad::Variable<T>)
XGRAD_ALIASES(xgrad::Parameter<T>&)
XGRAD_ALIASES(const xgrad::Parameter<T>&)
XGRAD_ALIASES(xgrad::Parameter<T>&&)
#undef XGRAD_ALIASES
#undef XGRAD_ALIAS

}  // namespace xt

namespace xgrad {

namespace detail {

/// An array as a constant of its precision; arrays of integers do not compile.
template <Expression E>
auto as_constant(const E& array) {
  return lift<common_scalar_t<E>>(array);
}

}  // namespace detail

// Overloads for arrays as constants. Options in braces need a Variable: gelu(constant(array), {.approximate =
// true}).
#define XGRAD_OF_ARRAYS(name)                                             \
  template <Expression E, class... Rest>                                  \
  auto name(const E& array, Rest&&... rest) {                             \
    return name(detail::as_constant(array), std::forward<Rest>(rest)...); \
  }
XGRAD_OF_ARRAYS(adaptive_avg_pool1d)
XGRAD_OF_ARRAYS(adaptive_avg_pool2d)
XGRAD_OF_ARRAYS(adaptive_max_pool1d)
XGRAD_OF_ARRAYS(adaptive_max_pool2d)
XGRAD_OF_ARRAYS(array_split)
XGRAD_OF_ARRAYS(avg_pool1d)
XGRAD_OF_ARRAYS(avg_pool2d)
XGRAD_OF_ARRAYS(batch_norm)
XGRAD_OF_ARRAYS(broadcast_to)
XGRAD_OF_ARRAYS(cholesky)
XGRAD_OF_ARRAYS(cumlogsumexp)
XGRAD_OF_ARRAYS(det)
XGRAD_OF_ARRAYS(digamma)
XGRAD_OF_ARRAYS(dropout)
XGRAD_OF_ARRAYS(eigh)
XGRAD_OF_ARRAYS(elu)
XGRAD_OF_ARRAYS(expm)
XGRAD_OF_ARRAYS(fold)
XGRAD_OF_ARRAYS(gather)
XGRAD_OF_ARRAYS(gelu)
XGRAD_OF_ARRAYS(global_avg_pool1d)
XGRAD_OF_ARRAYS(global_avg_pool2d)
XGRAD_OF_ARRAYS(global_max_pool1d)
XGRAD_OF_ARRAYS(global_max_pool2d)
XGRAD_OF_ARRAYS(hardtanh)
XGRAD_OF_ARRAYS(inv)
XGRAD_OF_ARRAYS(leaky_relu)
XGRAD_OF_ARRAYS(log_softmax)
XGRAD_OF_ARRAYS(logsumexp)
XGRAD_OF_ARRAYS(masked_select)
XGRAD_OF_ARRAYS(matrix_power)
XGRAD_OF_ARRAYS(max)
XGRAD_OF_ARRAYS(max_pool1d)
XGRAD_OF_ARRAYS(max_pool2d)
XGRAD_OF_ARRAYS(min)
XGRAD_OF_ARRAYS(permute)
XGRAD_OF_ARRAYS(pinv)
XGRAD_OF_ARRAYS(qr)
XGRAD_OF_ARRAYS(reciprocal)
XGRAD_OF_ARRAYS(relu)
XGRAD_OF_ARRAYS(reshape)
XGRAD_OF_ARRAYS(rsqrt)
XGRAD_OF_ARRAYS(selu)
XGRAD_OF_ARRAYS(sigmoid)
XGRAD_OF_ARRAYS(silu)
XGRAD_OF_ARRAYS(slogdet)
XGRAD_OF_ARRAYS(smooth_max)
XGRAD_OF_ARRAYS(softmax)
XGRAD_OF_ARRAYS(softmax_cross_entropy)
XGRAD_OF_ARRAYS(softplus)
XGRAD_OF_ARRAYS(svd)
XGRAD_OF_ARRAYS(take)
XGRAD_OF_ARRAYS(take_along_axis)
XGRAD_OF_ARRAYS(topk)
XGRAD_OF_ARRAYS(trace)
XGRAD_OF_ARRAYS(unfold)
XGRAD_OF_ARRAYS(var)
#undef XGRAD_OF_ARRAYS

}  // namespace xgrad
