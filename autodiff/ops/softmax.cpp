#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/softmax.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/axis.hpp>
#include <autodiff/ops/elementwise.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>
#include <autodiff/ops/softmax.hpp>

#include <fmt/format.h>

#include <memory>

namespace xgrad {

template <class T>
Variable<T> softmax(const Variable<T>& x, int axis) {
  const std::size_t along = detail::normalize_axis("softmax", axis, x.shape());
  return operation("softmax", kernels::softmax<false>(x.value(), kernels::AxisLoop(x.shape(), along)),
                   {x, [axis](const Variable<T>& g, const Variable<T>& y) {
                      return y * (g - sum(g * y, axis, keep_dims));
                    }});
}

template <class T>
Variable<T> log_softmax(const Variable<T>& x, int axis) {
  const std::size_t along = detail::normalize_axis("log_softmax", axis, x.shape());
  return operation("log_softmax", kernels::softmax<true>(x.value(), kernels::AxisLoop(x.shape(), along)),
                   {x, [axis](const Variable<T>& g, const Variable<T>& y) {
                      return g - exp(y) * sum(g, axis, keep_dims);
                    }});
}

namespace {

using Labels = std::shared_ptr<const Array<std::int64_t>>;

/// softmax(logits) with 1 subtracted at each row's label: the derivative of the row's loss by its logits.
template <class T>
Variable<T> softmax_minus_one_hot(const Variable<T>& logits, const Labels& labels) {
  const std::size_t classes = logits.shape().back();
  Array<T> one_hot = full<T>(logits.shape(), T(0));
  for (std::size_t n = 0; n < labels->size(); ++n) {
    one_hot.data()[n * classes + static_cast<std::size_t>(labels->data()[n])] = 1;
  }
  return softmax(logits) - constant(std::move(one_hot));
}

}  // namespace

template <class T>
Variable<T> detail::softmax_cross_entropy(const Variable<T>& logits, const Array<std::int64_t>& labels) {
  const Shape& shape = logits.shape();
  const Shape rows(shape.begin(), shape.end() - (shape.empty() ? 0 : 1));
  if (shape.empty() || labels.shape() != rows || shape.back() == 0) {
    throw ShapeError(
        fmt::format("softmax_cross_entropy: logits {} and labels {}; expected {{..., K}} and {{...}}",
                    to_string(shape), to_string(labels.shape())));
  }
  const std::size_t classes = shape.back();
  for (std::size_t n = 0; n < labels.size(); ++n) {
    if (labels.data()[n] < 0 || labels.data()[n] >= static_cast<std::int64_t>(classes)) {
      throw ValueError(
          fmt::format("softmax_cross_entropy: label {} (number {}) is none of the {} classes 0 ... {}",
                      labels.data()[n], n, classes, classes - 1));
    }
  }
  // -log p_y, from the logarithms, which are finite where p_y itself is too small for a number.
  const Array<T> log_p = kernels::softmax<true>(logits.value(), kernels::AxisLoop(shape, shape.size() - 1));
  Array<T> value(rows);
  for (std::size_t n = 0; n < value.size(); ++n) {
    value.data()[n] = -log_p.data()[n * classes + static_cast<std::size_t>(labels.data()[n])];
  }
  auto kept = std::make_shared<const Array<std::int64_t>>(labels);
  std::vector<std::ptrdiff_t> columns(rows.begin(), rows.end());
  columns.push_back(1);
  return operation("softmax_cross_entropy", std::move(value), {logits, [=](const Variable<T>& g) {
                                                                 return reshape(g, columns) *
                                                                        softmax_minus_one_hot(logits, kept);
                                                               }});
}

#define XGRAD_INSTANTIATE(T)                                    \
  template Variable<T> softmax<T>(const Variable<T>&, int);     \
  template Variable<T> log_softmax<T>(const Variable<T>&, int); \
  template Variable<T> detail::softmax_cross_entropy<T>(const Variable<T>&, const Array<std::int64_t>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
