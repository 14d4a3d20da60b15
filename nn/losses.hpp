#pragma once

#include <autodiff/ops/lift.hpp>
#include <nn/input.hpp>
#include <nn/metrics.hpp>

#include <cstdint>

/// \file
/// The losses of the note's section 2, averaged over a batch: each function below is the risk L_T = 1/N sum_n
/// l(y_n, f(x_n)) (equation 1). Outputs are Variables or raw arrays, labels arrays of any integer type. The
/// zero-one loss, which has no useful derivative, is with the metrics.

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

/// The quadratic loss ||y - y'||^2 of regression, averaged over the batch: outputs and targets have one shape
/// {N, ...}. A sample's loss is the sum over its entries, not their mean. Throws ShapeError where the shapes
/// differ or the batch is empty.
template <LayerInput X, LayerInput Y>
auto quadratic_loss(const X& outputs, const Y& targets) {
  using T = typename X::value_type;
  return detail::quadratic_loss<T>(detail::as_variable(outputs), xgrad::detail::lift<T>(targets));
}

/// The mean of squared differences over all entries (PyTorch's MSELoss): quadratic_loss divided by the number
/// of entries of a sample. Throws ShapeError where the shapes differ or the batch is empty.
template <LayerInput X, LayerInput Y>
auto mean_squared_error(const X& outputs, const Y& targets) {
  using T = typename X::value_type;
  return detail::mean_squared_error<T>(detail::as_variable(outputs), xgrad::detail::lift<T>(targets));
}

/// How cross_entropy is taken.
struct CrossEntropyOptions {
  double label_smoothing =
      0;  ///< s in [0, 1]: the target is 1 - s for the label and s / K more for each class
};

/// The multi-class cross-entropy loss -log p_y (section 2.2) of p = softmax(logits), averaged over the batch.
/// Finite for finite logits. Logits {..., K}, labels {...}. Throws ShapeError where they do not fit or are
/// empty, ValueError for a label outside [0, K).
template <LayerInput X, IntegerExpression Labels>
auto cross_entropy(const X& logits, const Labels& labels, const CrossEntropyOptions& options = {}) {
  if (options.label_smoothing != 0) {
    return detail::smoothed_cross_entropy(detail::as_variable(logits), detail::to_labels(labels),
                                          options.label_smoothing);
  }
  return detail::cross_entropy(detail::as_variable(logits), detail::to_labels(labels));
}

/// The same for distributions q as targets, -sum_k q_k log p_k (section 2.2): a one-hot q gives the loss of
/// its label. 0 log 0 = 0: a class whose logit is -infinity and whose q is 0 counts for nothing, also in the
/// derivatives. Logits and q are {..., K}. q is not checked to be a distribution. Throws ShapeError where the
/// shapes differ or are empty.
template <LayerInput X, LayerInput Q>
  requires(!IntegerExpression<Q>)
auto cross_entropy(const X& logits, const Q& q) {
  using T = typename X::value_type;
  return detail::cross_entropy<T>(detail::as_variable(logits), Variable<T>(xgrad::detail::lift<T>(q)));
}

/// The multi-class cross-entropy loss -log p_y (section 2.2) of probabilities, such as softmax gives,
/// averaged over the batch: +infinity where some p_y is 0. Prefer cross_entropy, which is exact for small
/// probabilities, too. Probabilities {..., K}, labels {...}. Throws ShapeError where they do not fit or are
/// empty, ValueError for a label outside [0, K) or a p_y outside [0, 1].
template <LayerInput X, IntegerExpression Labels>
auto cross_entropy_on_probabilities(const X& p, const Labels& labels) {
  return detail::cross_entropy_on_probabilities(detail::as_variable(p), detail::to_labels(labels));
}

/// The two-class cross-entropy loss -y log p - (1 - y) log(1 - p) (section 2.1), with 0 log 0 = 0, averaged
/// over all entries. p is the score of the hypothesis y = 1; the loss is +infinity where p rules out the
/// label. p and the labels, 0 or 1, have one shape. Throws ShapeError where they do not or are empty,
/// ValueError for another label or a p outside [0, 1].
template <LayerInput X, IntegerExpression Labels>
auto binary_cross_entropy(const X& p, const Labels& labels) {
  return detail::binary_cross_entropy(detail::as_variable(p), detail::to_labels(labels));
}

/// The two-class cross-entropy loss of p = sigmoid(z), averaged over all entries; finite for finite logits z.
/// z and the labels, 0 or 1, have one shape. Throws ShapeError where they do not or are empty, ValueError for
/// another label.
template <LayerInput X, IntegerExpression Labels>
auto binary_cross_entropy_with_logits(const X& z, const Labels& labels) {
  return detail::binary_cross_entropy_with_logits(detail::as_variable(z), detail::to_labels(labels));
}

/// The same for targets q that are numbers in [0, 1], such as gray levels: the mean of log(1 + exp(z)) - q z,
/// without cancellation; 0 for z = infinity with q = 1, and for -infinity with q = 0.
/// Throws ShapeError where z and q do not have one shape, or are empty.
template <LayerInput X, LayerInput Q>
  requires(!IntegerExpression<Q>)
auto binary_cross_entropy_with_logits(const X& z, const Q& q) {
  using T = typename X::value_type;
  return detail::binary_cross_entropy_with_logits<T>(detail::as_variable(z),
                                                     Variable<T>(xgrad::detail::lift<T>(q)));
}

}  // namespace xgrad::nn
