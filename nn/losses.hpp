#pragma once

#include <autodiff/ops/lift.hpp>
#include <nn/input.hpp>
#include <nn/metrics.hpp>

#include <cstdint>

/// \file
/// The losses of section 2 of the note, averaged over a batch: each function below is the risk L_T = 1/N
/// sum_n l(y_n, f(x_n)) (equation 1). Outputs are Variables or raw arrays, labels are arrays of any integer
/// type. The zero-one loss has no useful derivative; it is one of the metrics.

namespace xgrad::nn {

namespace detail {

template <class T>
XGRAD_API Variable<T> quadratic_loss(const Variable<T>& outputs, const Variable<T>& targets);
template <class T>
XGRAD_API Variable<T> cross_entropy(const Variable<T>& logits, const Array<std::int64_t>& labels);
template <class T>
XGRAD_API Variable<T> cross_entropy(const Variable<T>& logits, const Variable<T>& targets);
template <class T>
XGRAD_API Variable<T> smoothed_cross_entropy(const Variable<T>& logits, const Array<std::int64_t>& labels,
                                             double smoothing);
template <class T>
XGRAD_API Variable<T> mean_squared_error(const Variable<T>& outputs, const Variable<T>& targets);
template <class T>
XGRAD_API Variable<T> binary_cross_entropy_with_logits(const Variable<T>& logits, const Variable<T>& targets);
template <class T>
XGRAD_API Variable<T> cross_entropy_on_probabilities(const Variable<T>& p, const Array<std::int64_t>& labels);
template <class T>
XGRAD_API Variable<T> binary_cross_entropy(const Variable<T>& p, const Array<std::int64_t>& labels);
template <class T>
XGRAD_API Variable<T> binary_cross_entropy_with_logits(const Variable<T>& logits,
                                                       const Array<std::int64_t>& labels);

}  // namespace detail

/// The quadratic loss ||y - y'||^2 of regression, averaged over the batch: outputs and targets have the same
/// shape {N, ...}. A sample's loss is the sum over its entries, not their mean. Throws ShapeError if the
/// shapes differ or the batch is empty.
template <LayerInput X, LayerInput Y>
auto quadratic_loss(const X& outputs, const Y& targets) {
  using T = typename X::value_type;
  return detail::quadratic_loss<T>(detail::as_variable(outputs), xgrad::detail::lift<T>(targets));
}

/// The mean of squared differences over all entries (PyTorch's MSELoss): quadratic_loss divided by the number
/// of entries of a sample. Throws ShapeError if the shapes differ or the batch is empty.
template <LayerInput X, LayerInput Y>
auto mean_squared_error(const X& outputs, const Y& targets) {
  using T = typename X::value_type;
  return detail::mean_squared_error<T>(detail::as_variable(outputs), xgrad::detail::lift<T>(targets));
}

/// Options for cross_entropy.
struct CrossEntropyOptions {
  double label_smoothing = 0;  ///< s in [0, 1]: each class has the target s / K, the label 1 - s more
};

/// The multi-class cross-entropy loss -log p_y (section 2.2) of p = softmax(logits), averaged over the batch.
/// Finite for finite logits. Logits {..., K}, labels {...}. Throws ShapeError if the shapes do not match or
/// are empty, ValueError if a label is outside [0, K).
template <LayerInput X, IntegerExpression Labels>
auto cross_entropy(const X& logits, const Labels& labels, const CrossEntropyOptions& options = {}) {
  if (options.label_smoothing != 0) {
    return detail::smoothed_cross_entropy(detail::as_variable(logits), detail::to_labels(labels),
                                          options.label_smoothing);
  }
  return detail::cross_entropy(detail::as_variable(logits), detail::to_labels(labels));
}

/// The same with distributions q as targets, -sum_k q_k log p_k (section 2.2); a one-hot q gives the loss of
/// its label. 0 log 0 = 0: a class with logit -infinity and q_k = 0 contributes nothing, to derivatives as
/// well. Logits and q are {..., K}. q is not checked to be a distribution. Throws ShapeError if the shapes
/// differ or are empty.
template <LayerInput X, LayerInput Q>
  requires(!IntegerExpression<Q>)
auto cross_entropy(const X& logits, const Q& q) {
  using T = typename X::value_type;
  return detail::cross_entropy<T>(detail::as_variable(logits), Variable<T>(xgrad::detail::lift<T>(q)));
}

/// The multi-class cross-entropy loss -log p_y (section 2.2) of probabilities, such as the result of softmax,
/// averaged over the batch: +infinity if some p_y is 0. Prefer cross_entropy, which is accurate for small
/// probabilities as well. Probabilities {..., K}, labels {...}. Throws ShapeError if the shapes do not match
/// or are empty, ValueError if a label is outside [0, K) or a p_y outside [0, 1].
template <LayerInput X, IntegerExpression Labels>
auto cross_entropy_on_probabilities(const X& p, const Labels& labels) {
  return detail::cross_entropy_on_probabilities(detail::as_variable(p), detail::to_labels(labels));
}

/// The two-class cross-entropy loss -y log p - (1 - y) log(1 - p) (section 2.1), with 0 log 0 = 0, averaged
/// over all entries. p is the score of the hypothesis y = 1; the loss is +infinity if p excludes the label. p
/// and the labels, 0 or 1, have the same shape. Throws ShapeError if the shapes differ or are empty,
/// ValueError for any other label or if a p is outside [0, 1].
template <LayerInput X, IntegerExpression Labels>
auto binary_cross_entropy(const X& p, const Labels& labels) {
  return detail::binary_cross_entropy(detail::as_variable(p), detail::to_labels(labels));
}

/// The two-class cross-entropy loss of p = sigmoid(z), averaged over all entries; finite for finite logits z.
/// z and the labels, 0 or 1, have the same shape. Throws ShapeError if the shapes differ or are empty,
/// ValueError for any other label.
template <LayerInput X, IntegerExpression Labels>
auto binary_cross_entropy_with_logits(const X& z, const Labels& labels) {
  return detail::binary_cross_entropy_with_logits(detail::as_variable(z), detail::to_labels(labels));
}

/// The same with targets q in [0, 1], such as gray levels: the mean of log(1 + exp(z)) - q z, without
/// cancellation; 0 for z = infinity with q = 1, and for z = -infinity with q = 0. Throws ShapeError if the
/// shapes of z and q differ or are empty.
template <LayerInput X, LayerInput Q>
  requires(!IntegerExpression<Q>)
auto binary_cross_entropy_with_logits(const X& z, const Q& q) {
  using T = typename X::value_type;
  return detail::binary_cross_entropy_with_logits<T>(detail::as_variable(z),
                                                     Variable<T>(xgrad::detail::lift<T>(q)));
}

}  // namespace xgrad::nn
