#pragma once

#include <autodiff/ops/axes.hpp>

/// \file
/// Reductions over axes: sums, means, products and extremes. See ops/axes.hpp for how axes are given.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> sum(const Variable<T>& x, const Axes& axes, KeepDims keep);
template <class T>
XGRAD_API Variable<T> mean(const Variable<T>& x, const Axes& axes, KeepDims keep);
template <class T>
XGRAD_API Variable<T> prod(const Variable<T>& x, const Axes& axes, KeepDims keep);
template <class T>
XGRAD_API Variable<T> max(const Variable<T>& x, const Axes& axes, KeepDims keep);
template <class T>
XGRAD_API Variable<T> min(const Variable<T>& x, const Axes& axes, KeepDims keep);
template <class T>
XGRAD_API Variable<T> logsumexp(const Variable<T>& x, const Axes& axes, KeepDims keep);
template <class T>
XGRAD_API Variable<T> smooth_max(const Variable<T>& x, double sharpness, const Axes& axes, KeepDims keep);

/// Sums x over the axes along which `shape` was broadcast to the shape of x: the pullback of broadcasting.
template <class T>
XGRAD_API Variable<T> sum_to(const Variable<T>& x, const Shape& shape);

template <class O>
concept KeepArgument = OptionsArgument<O, KeepDims>;

}  // namespace detail

/// The sum over the given axes, by default all; 0 if there are no entries.
template <class T, detail::KeepArgument O = KeepDims>
Variable<T> sum(Variable<T> x, O keep = {}) {
  return detail::sum<T>(x, {}, keep);
}
template <class T, detail::AxesArgument A, detail::KeepArgument O = KeepDims>
Variable<T> sum(Variable<T> x, A&& axes, O keep = {}) {
  return detail::sum<T>(x, axes, keep);
}
template <class T, std::integral I, detail::KeepArgument O = KeepDims>
Variable<T> sum(Variable<T> x, std::initializer_list<I> axes, O keep = {}) {
  return detail::sum<T>(x, axes, keep);
}

/// The mean over the given axes, by default all; NaN if there are no entries.
template <class T, detail::KeepArgument O = KeepDims>
Variable<T> mean(Variable<T> x, O keep = {}) {
  return detail::mean<T>(x, {}, keep);
}
template <class T, detail::AxesArgument A, detail::KeepArgument O = KeepDims>
Variable<T> mean(Variable<T> x, A&& axes, O keep = {}) {
  return detail::mean<T>(x, axes, keep);
}
template <class T, std::integral I, detail::KeepArgument O = KeepDims>
Variable<T> mean(Variable<T> x, std::initializer_list<I> axes, O keep = {}) {
  return detail::mean<T>(x, axes, keep);
}

/// The product over the given axes, by default all; 1 if there are no entries. The derivative with respect to
/// an entry is the product of the others, also if some are zero. The product is computed in double, and
/// overflows only if the result does: for n factors the relative error is at most n 2^-53 plus half a unit in
/// the last place.
template <class T, detail::KeepArgument O = KeepDims>
Variable<T> prod(Variable<T> x, O keep = {}) {
  return detail::prod<T>(x, {}, keep);
}
template <class T, detail::AxesArgument A, detail::KeepArgument O = KeepDims>
Variable<T> prod(Variable<T> x, A&& axes, O keep = {}) {
  return detail::prod<T>(x, axes, keep);
}
template <class T, std::integral I, detail::KeepArgument O = KeepDims>
Variable<T> prod(Variable<T> x, std::initializer_list<I> axes, O keep = {}) {
  return detail::prod<T>(x, axes, keep);
}

/// The largest entry over the given axes, by default all; NaN if an entry is NaN. Ties share the gradient
/// equally. Throws ShapeError if there are no entries.
template <class T, detail::KeepArgument O = KeepDims>
Variable<T> max(Variable<T> x, O keep = {}) {
  return detail::max<T>(x, {}, keep);
}
template <class T, detail::AxesArgument A, detail::KeepArgument O = KeepDims>
Variable<T> max(Variable<T> x, A&& axes, O keep = {}) {
  return detail::max<T>(x, axes, keep);
}
template <class T, std::integral I, detail::KeepArgument O = KeepDims>
Variable<T> max(Variable<T> x, std::initializer_list<I> axes, O keep = {}) {
  return detail::max<T>(x, axes, keep);
}

/// The smallest entry over the given axes, by default all; NaN if an entry is NaN. Ties share the gradient
/// equally. Throws ShapeError if there are no entries.
template <class T, detail::KeepArgument O = KeepDims>
Variable<T> min(Variable<T> x, O keep = {}) {
  return detail::min<T>(x, {}, keep);
}
template <class T, detail::AxesArgument A, detail::KeepArgument O = KeepDims>
Variable<T> min(Variable<T> x, A&& axes, O keep = {}) {
  return detail::min<T>(x, axes, keep);
}
template <class T, std::integral I, detail::KeepArgument O = KeepDims>
Variable<T> min(Variable<T> x, std::initializer_list<I> axes, O keep = {}) {
  return detail::min<T>(x, axes, keep);
}

/// A maximum without cusps, log(sum(exp(sharpness x))) / sharpness over the given axes, by default all: one
/// of the "differentiable joints" that section 3 of the note mentions (softplus is the one for ReLU). It
/// exceeds the largest of n entries by at most log(n) / sharpness, and its gradient is softmax(sharpness x).
/// Throws ValueError for a sharpness that is not a finite number > 0.
template <class T, detail::KeepArgument O = KeepDims>
Variable<T> smooth_max(Variable<T> x, double sharpness, O keep = {}) {
  return detail::smooth_max<T>(x, sharpness, {}, keep);
}
template <class T, detail::AxesArgument A, detail::KeepArgument O = KeepDims>
Variable<T> smooth_max(Variable<T> x, double sharpness, A&& axes, O keep = {}) {
  return detail::smooth_max<T>(x, sharpness, axes, keep);
}
template <class T, std::integral I, detail::KeepArgument O = KeepDims>
Variable<T> smooth_max(Variable<T> x, double sharpness, std::initializer_list<I> axes, O keep = {}) {
  return detail::smooth_max<T>(x, sharpness, axes, keep);
}

/// log(sum(exp(x))) over the given axes, by default all, without overflow; -infinity if there are no entries.
/// If the result is -infinity, the gradient is 0; if it is infinity, the gradient is NaN for the infinite
/// entries.
template <class T, detail::KeepArgument O = KeepDims>
Variable<T> logsumexp(Variable<T> x, O keep = {}) {
  return detail::logsumexp<T>(x, {}, keep);
}
template <class T, detail::AxesArgument A, detail::KeepArgument O = KeepDims>
Variable<T> logsumexp(Variable<T> x, A&& axes, O keep = {}) {
  return detail::logsumexp<T>(x, axes, keep);
}
template <class T, std::integral I, detail::KeepArgument O = KeepDims>
Variable<T> logsumexp(Variable<T> x, std::initializer_list<I> axes, O keep = {}) {
  return detail::logsumexp<T>(x, axes, keep);
}

}  // namespace xgrad
