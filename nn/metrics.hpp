#pragma once

#include <autodiff/array.hpp>
#include <autodiff/variable.hpp>
#include <nn/input.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

/// \file
/// Metrics of a classifier, as plain numbers. Outputs {..., K} are scores of K classes, logits or
/// probabilities; labels and predictions are arrays of any integer type, in [0, K).

namespace xgrad::nn {

namespace detail {

template <class T>
XGRAD_API Array<std::int64_t> arg_max(const Array<T>& outputs);

template <class T>
XGRAD_API Array<bool> in_decision_region(const Array<T>& outputs, std::size_t c);

XGRAD_API double zero_one_loss(const Array<std::int64_t>& predictions, const Array<std::int64_t>& labels);

XGRAD_API Array<std::int64_t> confusion_matrix(const Array<std::int64_t>& labels,
                                               const Array<std::int64_t>& predictions, std::size_t classes);

/// Throws ShapeError if the labels do not have this shape, ValueError if one is not in [0, classes).
XGRAD_API void check_labels(const char* function, const Array<std::int64_t>& labels, const Shape& shape,
                            std::size_t classes);

/// Labels of any integer type.
template <IntegerExpression Labels>
Array<std::int64_t> to_labels(const Labels& labels) {
  return to_array<std::int64_t>(xt::cast<std::int64_t>(labels));
}

}  // namespace detail

/// The predicted classes y_hat = arg max p over the last axis (section 1 of the note): the first index of
/// equal scores; a NaN counts as the largest. Outputs {..., K} to {...}. Throws ShapeError if there are no
/// classes.
template <LayerInput X>
Array<std::int64_t> arg_max(const X& outputs) {
  return detail::arg_max(detail::as_variable(outputs).value());
}

/// Whether each output lies in the decision region P_c = {p : p_c >= p_j for j != c} of class c (section 1 of
/// the note): outputs {..., K} to {...}. An output on a boundary, where the largest scores are equal, lies in
/// several. The regions are convex. An output with a NaN lies in none. Throws ValueError if c is outside [0,
/// K), ShapeError if there are no classes.
template <LayerInput X>
Array<bool> in_decision_region(const X& outputs, std::size_t c) {
  return detail::in_decision_region(detail::as_variable(outputs).value(), c);
}

/// The zero-one risk: the fraction of wrong decisions y_hat = arg max p (section 2 of the note). It is
/// piecewise constant, so the result is a number, not a Variable. Outputs {..., K}, labels {...}. Throws
/// ShapeError if the shapes do not match or are empty, ValueError if a label is outside [0, K).
template <LayerInput X, IntegerExpression Labels>
double zero_one_loss(const X& outputs, const Labels& labels) {
  const Array<std::int64_t> truth = detail::to_labels(labels);
  const Array<std::int64_t> predictions = arg_max(outputs);
  detail::check_labels("zero_one_loss", truth, predictions.shape(), outputs.shape().back());
  return detail::zero_one_loss(predictions, truth);
}

/// The fraction of correct decisions, 1 - zero_one_loss.
template <LayerInput X, IntegerExpression Labels>
double accuracy(const X& outputs, const Labels& labels) {
  return 1 - zero_one_loss(outputs, labels);
}

/// The confusion matrix {classes, classes}: entry {i, j} counts the samples with label i and prediction j.
/// Labels and predictions have the same shape. Throws ShapeError if the shapes differ, ValueError if a class
/// is outside [0, classes).
template <IntegerExpression Labels, IntegerExpression Predictions>
Array<std::int64_t> confusion_matrix(const Labels& labels, const Predictions& predictions,
                                     std::size_t classes) {
  return detail::confusion_matrix(detail::to_labels(labels), detail::to_labels(predictions), classes);
}

}  // namespace xgrad::nn
