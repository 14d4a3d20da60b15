#pragma once

#include <autodiff/ops/axes.hpp>

/// \file
/// Norms of vectors, over axes. How axes are named: ops/axes.hpp.

namespace xgrad {

/// Which norm `norm` takes.
struct NormOptions {
  double order = 2;    ///< p > 0, infinity for the largest magnitude, -infinity for the smallest
  KeepDims keep = {};  ///< keep_dims: the reduced axes stay, with extent 1
};

namespace detail {

template <class T>
XGRAD_API Variable<T> norm(const Variable<T>& x, const Axes& axes, const NormOptions& options);

template <class O>
concept NormArgument = OptionsArgument<O, NormOptions>;

}  // namespace detail

/// The p-norm (sum |x|^p)^(1/p) of the entries over the axes given, all of them by default, taken as one
/// vector: norm(x), norm(x, -1, {.order = 1}), norm(x, {.order = infinity}). Nothing overflows or vanishes on
/// the way where the result is a number. 0 over none; for infinite p, ShapeError.
///
/// The gradient at the zero vector is 0, with derivatives 0, for every p. For p = 1 the derivative by an
/// entry that is 0 is 0; for infinite p ties share the gradient equally. Other powers of 0 that are infinite
/// in derivatives (p < 1, or second derivatives for p < 2) count as 0. Throws ValueError for any other order.
template <class T, detail::NormArgument O = NormOptions>
Variable<T> norm(Variable<T> x, O options = {}) {
  return detail::norm<T>(x, {}, detail::to_options<NormOptions>(options));
}
template <class T, detail::AxesArgument A, detail::NormArgument O = NormOptions>
Variable<T> norm(Variable<T> x, A&& axes, O options = {}) {
  return detail::norm<T>(x, axes, detail::to_options<NormOptions>(options));
}
template <class T, std::integral I, detail::NormArgument O = NormOptions>
Variable<T> norm(Variable<T> x, std::initializer_list<I> axes, O options = {}) {
  return detail::norm<T>(x, axes, detail::to_options<NormOptions>(options));
}

}  // namespace xgrad
