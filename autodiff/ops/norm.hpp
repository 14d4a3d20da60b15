#pragma once

#include <autodiff/ops/axes.hpp>

/// \file
/// Norms of vectors over axes. See ops/axes.hpp for how axes are given.

namespace xgrad {

/// Options for norm.
struct NormOptions {
  double order = 2;    ///< p > 0, infinity for the largest magnitude, -infinity for the smallest
  KeepDims keep = {};  ///< keep_dims keeps the reduced axes, with extent 1
};

namespace detail {

template <class T>
XGRAD_API Variable<T> norm(const Variable<T>& x, const Axes& axes, const NormOptions& options);

template <class O>
concept NormArgument = OptionsArgument<O, NormOptions>;

}  // namespace detail

/// The p-norm (sum |x|^p)^(1/p) of the entries over the given axes, by default all, taken as one vector:
/// norm(x), norm(x, -1, {.order = 1}), norm(x, {.order = infinity}). Intermediate results neither overflow
/// nor underflow if the norm is representable. If there are no entries, the norm is 0; for infinite p, this
/// throws ShapeError.
///
/// The gradient at the zero vector is 0, with derivatives 0, for every p. For p = 1 the derivative with
/// respect to an entry that is 0 is 0; for infinite p ties share the gradient equally. Other infinite powers
/// of 0 in derivatives (first derivatives for p < 1, second derivatives for p < 2) count as 0. Throws
/// ValueError for any other order.
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
