#include <autodiff/error.hpp>
#include <nn/metrics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad::nn::detail {
namespace {

template <class T>
std::size_t first_largest(const T* scores, std::size_t count) {
  std::size_t best = 0;
  for (std::size_t k = 0; k < count && !std::isnan(scores[best]); ++k) {
    if (scores[k] > scores[best] || std::isnan(scores[k])) best = k;
  }
  return best;
}

}  // namespace

template <class T>
Array<std::int64_t> arg_max(const Array<T>& outputs) {
  if (outputs.dimension() == 0 || outputs.shape().back() == 0) {
    throw ShapeError(fmt::format("arg_max: expected outputs {{..., K}} with at least one class, got shape {}",
                                 to_string(outputs.shape())));
  }
  const std::size_t classes = outputs.shape().back();
  Array<std::int64_t> result(Shape(outputs.shape().begin(), outputs.shape().end() - 1));
  for (std::size_t i = 0; i < result.size(); ++i) {
    result.data()[i] = static_cast<std::int64_t>(first_largest(outputs.data() + i * classes, classes));
  }
  return result;
}

template <class T>
Array<bool> in_decision_region(const Array<T>& outputs, std::size_t c) {
  const std::size_t classes = outputs.dimension() == 0 ? 0 : outputs.shape().back();
  if (classes == 0) {
    throw ShapeError(
        fmt::format("in_decision_region: expected outputs {{..., K}} with at least one class, got shape {}",
                    to_string(outputs.shape())));
  }
  if (c >= classes) {
    throw ValueError(fmt::format("in_decision_region: class {} is not in [0, {})", c, classes));
  }
  Array<bool> result(Shape(outputs.shape().begin(), outputs.shape().end() - 1));
  for (std::size_t i = 0; i < result.size(); ++i) {
    const T* p = outputs.data() + i * classes;
    result.data()[i] = std::all_of(p, p + classes, [own = p[c]](T each) { return own >= each; });
  }
  return result;
}

double zero_one_loss(const Array<std::int64_t>& predictions, const Array<std::int64_t>& labels) {
  if (labels.size() == 0) throw ShapeError("zero_one_loss: expected at least one label, got an empty batch");
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) wrong += predictions.data()[i] != labels.data()[i];
  return static_cast<double>(wrong) / static_cast<double>(labels.size());
}

Array<std::int64_t> confusion_matrix(const Array<std::int64_t>& labels,
                                     const Array<std::int64_t>& predictions, std::size_t classes) {
  check_labels("confusion_matrix", labels, predictions.shape(), classes);
  check_labels("confusion_matrix", predictions, labels.shape(), classes);
  Array<std::int64_t> matrix(Shape{classes, classes}, 0);
  for (std::size_t i = 0; i < labels.size(); ++i) ++matrix(labels.data()[i], predictions.data()[i]);
  return matrix;
}

void check_labels(const char* function, const Array<std::int64_t>& labels, const Shape& shape,
                  std::size_t classes) {
  if (labels.shape() != shape) {
    throw ShapeError(fmt::format("{0}: expected labels of shape {2}, got {1}", function,
                                 to_string(labels.shape()), to_string(shape)));
  }
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const std::int64_t label = labels.data()[i];
    if (label < 0 || static_cast<std::uint64_t>(label) >= classes) {
      throw ValueError(
          fmt::format("{}: label {} at index {} is not a class in [0, {})", function, label, i, classes));
    }
  }
}

template XGRAD_API Array<bool> in_decision_region<float>(const Array<float>&, std::size_t);
template XGRAD_API Array<bool> in_decision_region<double>(const Array<double>&, std::size_t);
template XGRAD_API Array<std::int64_t> arg_max<float>(const Array<float>&);
template XGRAD_API Array<std::int64_t> arg_max<double>(const Array<double>&);

}  // namespace xgrad::nn::detail
