#pragma once

#include <autodiff/ops/axes.hpp>

/// \file
/// Variance, standard deviation and quantiles over axes. How axes are named: ops/axes.hpp.

namespace xgrad {

/// How `var` and `stddev` count.
struct VarianceOptions {
  double ddof = 0;     ///< squares are divided by the number of entries less this: 1 for an unbiased variance
  KeepDims keep = {};  ///< keep_dims: the reduced axes stay, with extent 1
};

namespace detail {

template <class T>
XGRAD_API Variable<T> var(const Variable<T>& x, const Axes& axes, const VarianceOptions& options);
template <class T>
XGRAD_API Variable<T> stddev(const Variable<T>& x, const Axes& axes, const VarianceOptions& options);
template <class T>
XGRAD_API Variable<T> quantile(const char* name, const Variable<T>& x, double q, const Axes& axes,
                               KeepDims keep);

template <class O>
concept VarianceArgument = OptionsArgument<O, VarianceOptions>;
template <class O>
concept QuantileArgument = OptionsArgument<O, KeepDims>;

}  // namespace detail

/// The variance sum((x - mean(x))^2) / (n - ddof) of the n entries over the axes given, all of them by
/// default: var(x, 0, {.ddof = 1}). NaN or infinite where n <= ddof, NaN over none.
template <class T, detail::VarianceArgument O = VarianceOptions>
Variable<T> var(Variable<T> x, O options = {}) {
  return detail::var<T>(x, {}, detail::to_options<VarianceOptions>(options));
}
template <class T, detail::AxesArgument A, detail::VarianceArgument O = VarianceOptions>
Variable<T> var(Variable<T> x, A&& axes, O options = {}) {
  return detail::var<T>(x, axes, detail::to_options<VarianceOptions>(options));
}
template <class T, std::integral I, detail::VarianceArgument O = VarianceOptions>
Variable<T> var(Variable<T> x, std::initializer_list<I> axes, O options = {}) {
  return detail::var<T>(x, axes, detail::to_options<VarianceOptions>(options));
}

/// The standard deviation sqrt(var(x)), NumPy's `std`, by the name that xtensor gives it (std is a
/// namespace). Where it is 0, so is its gradient, and so are the derivatives of that.
template <class T, detail::VarianceArgument O = VarianceOptions>
Variable<T> stddev(Variable<T> x, O options = {}) {
  return detail::stddev<T>(x, {}, detail::to_options<VarianceOptions>(options));
}
template <class T, detail::AxesArgument A, detail::VarianceArgument O = VarianceOptions>
Variable<T> stddev(Variable<T> x, A&& axes, O options = {}) {
  return detail::stddev<T>(x, axes, detail::to_options<VarianceOptions>(options));
}
template <class T, std::integral I, detail::VarianceArgument O = VarianceOptions>
Variable<T> stddev(Variable<T> x, std::initializer_list<I> axes, O options = {}) {
  return detail::stddev<T>(x, axes, detail::to_options<VarianceOptions>(options));
}

/// The q-th quantile over the axes given, all of them by default, q from 0 to 1: of the n entries in order
/// the one at q (n - 1), interpolated linearly between the two around that place; NaN where an entry is.
/// These two share the gradient as they share the value; of equal entries the one counts that `sort` has in
/// that place. Throws ShapeError over none, ValueError for q outside [0, 1].
template <class T, detail::QuantileArgument O = KeepDims>
Variable<T> quantile(Variable<T> x, double q, O keep = {}) {
  return detail::quantile<T>("quantile", x, q, {}, keep);
}
template <class T, detail::AxesArgument A, detail::QuantileArgument O = KeepDims>
Variable<T> quantile(Variable<T> x, double q, A&& axes, O keep = {}) {
  return detail::quantile<T>("quantile", x, q, axes, keep);
}
template <class T, std::integral I, detail::QuantileArgument O = KeepDims>
Variable<T> quantile(Variable<T> x, double q, std::initializer_list<I> axes, O keep = {}) {
  return detail::quantile<T>("quantile", x, q, axes, keep);
}
/// For an axis of the type that xtensor's `quantile` takes.
template <class T, detail::QuantileArgument O = KeepDims>
Variable<T> quantile(Variable<T> x, double q, std::ptrdiff_t axis, O keep = {}) {
  return detail::quantile<T>("quantile", x, q, Axes(axis), keep);
}

/// The median over the axes given, all of them by default: quantile(x, 0.5), the entry in the middle, or of
/// an even number the mean of the two in the middle.
template <class T, detail::QuantileArgument O = KeepDims>
Variable<T> median(Variable<T> x, O keep = {}) {
  return detail::quantile<T>("median", x, 0.5, {}, keep);
}
template <class T, detail::AxesArgument A, detail::QuantileArgument O = KeepDims>
Variable<T> median(Variable<T> x, A&& axes, O keep = {}) {
  return detail::quantile<T>("median", x, 0.5, axes, keep);
}
template <class T, std::integral I, detail::QuantileArgument O = KeepDims>
Variable<T> median(Variable<T> x, std::initializer_list<I> axes, O keep = {}) {
  return detail::quantile<T>("median", x, 0.5, axes, keep);
}
/// For an axis of the type that xtensor's `median` takes.
template <class T, detail::QuantileArgument O = KeepDims>
Variable<T> median(Variable<T> x, std::ptrdiff_t axis, O keep = {}) {
  return detail::quantile<T>("median", x, 0.5, Axes(axis), keep);
}

}  // namespace xgrad
