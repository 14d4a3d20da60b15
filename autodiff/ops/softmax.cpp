#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/softmax.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>
#include <autodiff/ops/softmax.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace xgrad {

namespace {

/// The pullback of softmax, y (g - sum(g y)), in one pass. It is linear in g, with a symmetric matrix.
template <class T>
Variable<T> softmax_gradient(const Variable<T>& g, const Variable<T>& y, int axis) {
  const kernels::AxisLoop loop(y.shape(), detail::normalize_axis("softmax", axis, y.shape()));
  Array<T> value = kernels::combine_with_total(
      g.value(), y.value(), loop, [](auto q, auto p) { return q * p; },
      [](auto q, auto p, auto total) { return p * (q - total); });
  return operation("softmax_gradient", std::move(value),
                   {{g, [y, axis](const Variable<T>& gg) { return softmax_gradient(gg, y, axis); }},
                    {y, [g, y, axis](const Variable<T>& gg) {
                       return gg * (g - sum(g * y, axis, keep_dims)) - g * sum(gg * y, axis, keep_dims);
                     }}});
}

/// The pullback of log_softmax, g - exp(y) sum(g), in one pass. The form g (1 - exp(y)) - exp(y) (sum(g) - g)
/// avoids cancellation if only one entry has a cotangent, and this entry has nearly all of the probability.
template <class T>
Variable<T> log_softmax_gradient(const Variable<T>& g, const Variable<T>& y, int axis) {
  const kernels::AxisLoop loop(y.shape(), detail::normalize_axis("log_softmax", axis, y.shape()));
  Array<T> value = kernels::combine_with_total(
      g.value(), y.value(), loop, [](auto q, auto) { return q; },
      [](auto q, auto p, auto total) { return -(q * xsimd::expm1(p)) - xsimd::exp(p) * (total - q); });
  return operation(
      "log_softmax_gradient", std::move(value),
      {{g, [y, axis](const Variable<T>& gg) { return gg - sum(gg * exp(y), axis, keep_dims); }},
       {y, [g, y, axis](const Variable<T>& gg) { return -(gg * exp(y) * sum(g, axis, keep_dims)); }}});
}

}  // namespace

template <class T>
Variable<T> softmax(const Variable<T>& x, int axis) {
  const std::size_t along = detail::normalize_axis("softmax", axis, x.shape());
  return operation(
      "softmax", kernels::softmax<false>(x.value(), kernels::AxisLoop(x.shape(), along)),
      {x, [axis](const Variable<T>& g, const Variable<T>& y) { return softmax_gradient(g, y, axis); }});
}

template <class T>
Variable<T> log_softmax(const Variable<T>& x, int axis) {
  const std::size_t along = detail::normalize_axis("log_softmax", axis, x.shape());
  return operation(
      "log_softmax", kernels::softmax<true>(x.value(), kernels::AxisLoop(x.shape(), along)),
      {x, [axis](const Variable<T>& g, const Variable<T>& y) { return log_softmax_gradient(g, y, axis); }});
}

namespace {

/// What the pullback of softmax_cross_entropy keeps of the labels and of the forward pass.
template <class T>
struct KnownClasses {
  Array<std::int64_t> labels;
  kernels::ExpTotals<T> totals;  // of the rows of logits, minus 1
};

template <class T>
using KnownClassesPointer = std::shared_ptr<const KnownClasses<T>>;

/// softmax(logits) with 1 subtracted at each row's label: the derivative of the row's loss with respect to
/// its logits.
template <class T>
Variable<T> softmax_minus_one_hot(const Variable<T>& logits, const Array<std::int64_t>& labels) {
  const std::size_t classes = logits.shape().back();
  Array<T> one_hot = full<T>(logits.shape(), T(0));
  for (std::size_t n = 0; n < labels.size(); ++n) {
    one_hot.data()[n * classes + static_cast<std::size_t>(labels.data()[n])] = 1;
  }
  return softmax(logits) - constant(std::move(one_hot));
}

/// g (p - 1) at the label of a row whose entries are g p. If p > 1/2, it is computed as minus the sum of the
/// other entries, to avoid cancellation.
template <class T>
T less_one(const T* row, std::size_t classes, std::size_t label, T g) {
  if (!(std::abs(row[label]) > std::abs(g) / 2)) return row[label] - g;
  T others = 0;
  for (std::size_t k = 0; k < classes; ++k) others += k == label ? T(0) : row[k];
  return -others;
}

/// The pullback of softmax_cross_entropy, g (softmax(logits) - one_hot(labels)), in one pass.
template <class T>
Variable<T> cross_entropy_gradient(const Variable<T>& g, const Variable<T>& logits,
                                   const KnownClassesPointer<T>& known) {
  Array<T> value(logits.shape());
  const T* shift = known->totals.shift.data();
  const T* excess = known->totals.excess.data();
  const std::int64_t* labels = known->labels.data();
  kernels::for_row_groups<T>(g.size(), logits.shape().back(), [&](kernels::RowGroup<T>& group) {
    alignas(64) T factor[kernels::RowGroup<T>::capacity];
    const T* weight = g.value().data() + group.first();
    for (std::size_t r = 0; r < group.count(); ++r) factor[r] = weight[r] / (1 + excess[group.first() + r]);
    T* out = value.data() + group.offset();
    group.template map<1, 2>(out, {logits.value().data() + group.offset()}, {shift + group.first(), factor},
                             [](auto p, auto m, auto f) { return xsimd::exp(p - m) * f; });
    for (std::size_t r = 0; r < group.count(); ++r) {
      T* row = out + r * group.length();
      const auto label = static_cast<std::size_t>(labels[group.first() + r]);
      row[label] = less_one(row, group.length(), label, weight[r]);
    }
  });
  return operation(
      "softmax_cross_entropy_gradient", std::move(value),
      {{g, [logits, known](
               const Variable<T>& gg) { return sum(gg * softmax_minus_one_hot(logits, known->labels), -1); }},
       {logits, [g, logits](const Variable<T>& gg) {
          return softmax_gradient(gg * expand_dims(g, -1), softmax(logits), -1);
        }}});
}

void check_classes(const Shape& logits, const Array<std::int64_t>& labels) {
  if (logits.empty() || logits.back() == 0 || labels.dimension() + 1 != logits.size() ||
      !std::equal(labels.shape().begin(), labels.shape().end(), logits.begin())) {
    throw ShapeError(
        fmt::format("softmax_cross_entropy: logits {} and labels {}; expected {{..., K}} and {{...}}",
                    to_string(logits), to_string(labels.shape())));
  }
  const std::size_t classes = logits.back();
  for (std::size_t n = 0; n < labels.size(); ++n) {
    if (labels.data()[n] < 0 || labels.data()[n] >= static_cast<std::int64_t>(classes)) {
      throw ValueError(
          fmt::format("softmax_cross_entropy: label {} at index {} is not one of the {} classes 0 ... {}",
                      labels.data()[n], n, classes, classes - 1));
    }
  }
}

}  // namespace

template <class T>
Variable<T> detail::softmax_cross_entropy(const Variable<T>& logits, const Array<std::int64_t>& labels) {
  const Shape& shape = logits.shape();
  check_classes(shape, labels);
  const std::size_t classes = shape.back();
  auto known = std::make_shared<const KnownClasses<T>>(KnownClasses<T>{
      labels, kernels::exp_totals(logits.value(), kernels::AxisLoop(shape, shape.size() - 1))});
  const T* shift = known->totals.shift.data();
  // -log p_y, computed from logarithms, which are finite even if p_y underflows.
  Array<T> value(labels.shape());
  kernels::map_into(value.data(), known->totals.excess.data(), value.size(),
                    [](auto s) { return xsimd::log1p(s); });
  for (std::size_t n = 0; n < value.size(); ++n) {
    const T own = logits.value().data()[n * classes + static_cast<std::size_t>(labels.data()[n])];
    value.data()[n] += shift[n] - own;
  }
  return operation(
      "softmax_cross_entropy", std::move(value),
      {logits, [logits, known](const Variable<T>& g) { return cross_entropy_gradient(g, logits, known); }});
}

#define XGRAD_INSTANTIATE(T)                                    \
  template Variable<T> softmax<T>(const Variable<T>&, int);     \
  template Variable<T> log_softmax<T>(const Variable<T>&, int); \
  template Variable<T> detail::softmax_cross_entropy<T>(const Variable<T>&, const Array<std::int64_t>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
