#pragma once

#include <autodiff/ops/axes.hpp>

/// \file
/// Variance, standard deviation and quantiles over axes. See ops/axes.hpp for how axes are given.

namespace xgrad {

/// Options for var and stddev.
struct VarianceOptions {
  double ddof = 0;     ///< the divisor is the number of entries minus ddof; 1 for an unbiased variance
  KeepDims keep = {};  ///< keep_dims keeps the reduced axes, with extent 1
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

/// The variance sum((x - mean(x))^2) / (n - ddof) of the n entries over the given axes, by default all:
/// var(x, 0, {.ddof = 1}). NaN or infinite if n <= ddof; NaN if there are no entries.
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

/// The standard deviation sqrt(var(x)): NumPy's `std`, under xtensor's name, because std is a namespace. If
/// it is 0, its gradient and the derivatives of the gradient are 0.
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

/// The q-th quantile, q from 0 to 1, over the given axes, by default all: of the n sorted entries the one at
/// position q (n - 1), interpolated linearly between its two neighbours; NaN if an entry is NaN. The two
/// neighbours share the gradient with the weights of the interpolation; among equal entries, the one that
/// `sort` puts at the position gets it. Throws ShapeError if there are no entries, ValueError for q outside
/// [0, 1].
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
/// Overload for the axis type of xtensor's `quantile`.
template <class T, detail::QuantileArgument O = KeepDims>
Variable<T> quantile(Variable<T> x, double q, std::ptrdiff_t axis, O keep = {}) {
  return detail::quantile<T>("quantile", x, q, Axes(axis), keep);
}

/// The median over the given axes, by default all: quantile(x, 0.5), the middle entry, or the mean of the two
/// middle ones of an even number of entries.
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
/// Overload for the axis type of xtensor's `median`.
template <class T, detail::QuantileArgument O = KeepDims>
Variable<T> median(Variable<T> x, std::ptrdiff_t axis, O keep = {}) {
  return detail::quantile<T>("median", x, 0.5, Axes(axis), keep);
}

}  // namespace xgrad
