#include <autodiff/error.hpp>
#include <autodiff/ops/activations.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/comparison.hpp>
#include <autodiff/ops/gather.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>
#include <autodiff/ops/softmax.hpp>
#include <nn/losses.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad::nn::detail {
namespace {

using Labels = Array<std::int64_t>;

void check_not_empty(const char* loss, const Shape& shape) {
  if (element_count(shape) == 0) {
    throw ShapeError(fmt::format("{}: got an empty batch of shape {}; the mean needs at least one element",
                                 loss, to_string(shape)));
  }
}

template <class T>
void check_same_shape(const char* loss, const Variable<T>& outputs, const Variable<T>& targets) {
  if (outputs.shape() != targets.shape()) {
    throw ShapeError(fmt::format("{}: expected outputs and targets of the same shape, got {} and {}", loss,
                                 to_string(outputs.shape()), to_string(targets.shape())));
  }
  check_not_empty(loss, outputs.shape());
}

template <class T>
void check_probability(const char* loss, T p) {
  if (p < 0 || p > 1) {
    throw ValueError(fmt::format("{}: expected a probability in [0, 1], not a logit, got {}", loss, p));
  }
}

/// Checks that labels match outputs {..., K}, and that the batch is not empty.
void check_classes(const char* loss, const Shape& outputs, const Labels& labels) {
  if (outputs.empty()) throw ShapeError(fmt::format("{}: expected outputs {{..., K}}, got a scalar", loss));
  check_not_empty(loss, outputs);
  check_labels(loss, labels, Shape(outputs.begin(), outputs.end() - 1), outputs.back());
}

/// x[..., labels[...]].
template <class T>
Variable<T> at_labels(const Variable<T>& x, Labels labels) {
  Shape column = labels.shape();
  column.push_back(1);
  labels.reshape(column);
  return squeeze(take_along_axis(x, labels, -1), -1);
}

/// log p, but 0 instead of -infinity if q is 0, so that the product is 0: 0 log 0 = 0.
template <class T>
Variable<T> where_expected(const Variable<T>& q, const Variable<T>& log_p) {
  const Array<bool> impossible = isinf(log_p);
  if (std::none_of(impossible.begin(), impossible.end(), [](bool each) { return each; })) return log_p;
  return where(Array<bool>(impossible && q == T(0)), T(0), log_p);
}

}  // namespace

template <class T>
Variable<T> quadratic_loss(const Variable<T>& outputs, const Variable<T>& targets) {
  check_same_shape("quadratic_loss", outputs, targets);
  const std::size_t samples = outputs.dimension() == 0 ? 1 : outputs.shape(0);
  return sum(square(outputs - targets)) / samples;
}

template <class T>
Variable<T> cross_entropy(const Variable<T>& logits, const Labels& labels) {
  check_classes("cross_entropy", logits.shape(), labels);
  return mean(softmax_cross_entropy(logits, labels));
}

template <class T>
Variable<T> cross_entropy(const Variable<T>& logits, const Variable<T>& targets) {
  if (logits.dimension() == 0) throw ShapeError("cross_entropy: expected outputs {..., K}, got a scalar");
  check_same_shape("cross_entropy", logits, targets);
  return mean(sum(targets * -where_expected(targets, log_softmax(logits, -1)), -1));
}

template <class T>
Variable<T> smoothed_cross_entropy(const Variable<T>& logits, const Labels& labels, double smoothing) {
  if (!(smoothing >= 0 && smoothing <= 1)) {
    throw ValueError(fmt::format("cross_entropy: expected label_smoothing in [0, 1], got {}", smoothing));
  }
  check_classes("cross_entropy", logits.shape(), labels);
  const std::size_t classes = logits.shape().back();
  Array<T> targets = full<T>(logits.shape(), static_cast<T>(smoothing / static_cast<double>(classes)));
  for (std::size_t n = 0; n < labels.size(); ++n) {
    targets.data()[n * classes + static_cast<std::size_t>(labels.data()[n])] += static_cast<T>(1 - smoothing);
  }
  return cross_entropy(logits, constant(std::move(targets)));
}

template <class T>
Variable<T> mean_squared_error(const Variable<T>& outputs, const Variable<T>& targets) {
  check_same_shape("mean_squared_error", outputs, targets);
  return mean(square(outputs - targets));
}

template <class T>
Variable<T> binary_cross_entropy_with_logits(const Variable<T>& logits, const Variable<T>& targets) {
  constexpr const char* name = "binary_cross_entropy_with_logits";
  check_same_shape(name, logits, targets);
  // q log(1 + exp(-z)) + (1 - q) log(1 + exp(z)), without cancellation; a term of weight 0 is 0 even if z is
  // infinite.
  Array<T> loss(logits.shape());
  for (std::size_t i = 0; i < loss.size(); ++i) {
    const T z = logits.value().data()[i];
    const T q = targets.value().data()[i];
    const T against = z > 0 ? 1 - q : q;  // the probability of the class that z opposes
    loss.data()[i] =
        (against == 0 && !std::isnan(z) ? T(0) : against * std::abs(z)) + std::log1p(std::exp(-std::abs(z)));
  }
  return mean(operation(name, std::move(loss),
                        {{logits,
                          [logits, targets](const Variable<T>& g) {
                            return g * ((1 - targets) * sigmoid(logits) - targets * sigmoid(-logits));
                          }},
                         {targets, [logits](const Variable<T>& g) { return -(g * logits); }}}));
}

template <class T>
Variable<T> cross_entropy_on_probabilities(const Variable<T>& p, const Labels& labels) {
  constexpr const char* name = "cross_entropy_on_probabilities";
  check_classes(name, p.shape(), labels);
  const Variable<T> of_label = at_labels(p, labels);
  for (const T each : of_label.value().storage()) check_probability(name, each);
  return mean(T(0) - log(of_label));  // 0, not -0, if p = 1
}

// The two-class losses are separate operations: composed of primitives, they would lose the digits of p close
// to 0 and multiply zeros by infinities.

template <class T>
Variable<T> binary_cross_entropy(const Variable<T>& p, const Labels& labels) {
  constexpr const char* name = "binary_cross_entropy";
  check_not_empty(name, p.shape());
  check_labels(name, labels, p.shape(), 2);
  Array<T> loss(p.shape());
  for (std::size_t i = 0; i < loss.size(); ++i) {
    const T score = p.value().data()[i];
    check_probability(name, score);
    const T log_score = labels.data()[i] == 1 ? std::log(score) : std::log1p(-score);
    loss.data()[i] = T(0) - log_score;  // 0, not -0
  }
  return mean(operation(name, std::move(loss),
                        {p, [p, labels](const Variable<T>& g) { return g / where(labels, -p, 1 - p); }}));
}

template <class T>
Variable<T> binary_cross_entropy_with_logits(const Variable<T>& logits, const Labels& labels) {
  constexpr const char* name = "binary_cross_entropy_with_logits";
  check_not_empty(name, logits.shape());
  check_labels(name, labels, logits.shape(), 2);
  Array<T> loss(logits.shape());
  for (std::size_t i = 0; i < loss.size(); ++i) {
    const T z = logits.value().data()[i];
    const T against = labels.data()[i] == 1 ? -z : z;  // log(1 + exp(against)), without overflow:
    loss.data()[i] = std::max(against, T(0)) + std::log1p(std::exp(-std::abs(z)));
  }
  // sigmoid(z) for label 0, sigmoid(z) - 1 = -sigmoid(-z) for label 1
  return mean(operation(name, std::move(loss), {logits, [logits, labels](const Variable<T>& g) {
                                                  const auto sign =
                                                      constant(to_array<T>(1 - 2 * xt::cast<T>(labels)));
                                                  return g * (sign * sigmoid(sign * logits));
                                                }}));
}

#define XGRAD_INSTANTIATE(T)                                                                        \
  template Variable<T> quadratic_loss<T>(const Variable<T>&, const Variable<T>&);                   \
  template Variable<T> cross_entropy<T>(const Variable<T>&, const Labels&);                         \
  template Variable<T> cross_entropy<T>(const Variable<T>&, const Variable<T>&);                    \
  template Variable<T> smoothed_cross_entropy<T>(const Variable<T>&, const Labels&, double);        \
  template Variable<T> mean_squared_error<T>(const Variable<T>&, const Variable<T>&);               \
  template Variable<T> binary_cross_entropy_with_logits<T>(const Variable<T>&, const Variable<T>&); \
  template Variable<T> cross_entropy_on_probabilities<T>(const Variable<T>&, const Labels&);        \
  template Variable<T> binary_cross_entropy<T>(const Variable<T>&, const Labels&);                  \
  template Variable<T> binary_cross_entropy_with_logits<T>(const Variable<T>&, const Labels&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::nn::detail
