#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// The soft-max simplex (section 1 of the note) and the cross-entropy on it (section 2).

namespace xgrad {

/// softmax(x)_i = exp(x_i) / sum_j exp(x_j) along an axis: a point of the soft-max simplex (section 1).
template <class T>
XGRAD_API Variable<T> softmax(const Variable<T>& x, int axis = -1);

/// log(softmax(x)) along an axis, accurate even if softmax underflows.
template <class T>
XGRAD_API Variable<T> log_softmax(const Variable<T>& x, int axis = -1);

namespace detail {

template <class T>
XGRAD_API Variable<T> softmax_cross_entropy(const Variable<T>& logits, const Array<std::int64_t>& labels);

}  // namespace detail

/// The multi-class cross-entropy loss -log p_y (section 2.2) of each row, from logits: p = softmax(logits).
/// Logits have shape {..., K}, integer labels and the result shape {...}. Finite for finite logits. Throws
/// ShapeError if the shapes do not match, ValueError for a label outside [0, K).
template <class T, IntegerExpression Labels>
Variable<T> softmax_cross_entropy(const Variable<T>& logits, const Labels& labels) {
  return detail::softmax_cross_entropy<T>(logits, to_array<std::int64_t>(xt::cast<std::int64_t>(labels)));
}

}  // namespace xgrad
