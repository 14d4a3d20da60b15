#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/deviations.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/detail/fused.hpp>
#include <autodiff/ops/detail/order.hpp>
#include <autodiff/ops/detail/reduced.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/shape.hpp>
#include <autodiff/ops/statistics.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad {

using detail::Reduced;
using detail::restore;

namespace {

/// The mean of each window, with the reduced axes kept.
template <class T>
Array<T> means(const Array<T>& x, const Reduced& to) {
  Array<T> result = kernels::reduce(x, to.axes, to.kept, kernels::Sum<T>{});
  const auto count = static_cast<T>(to.count);
  kernels::map_into(result.data(), result.data(), result.size(), [count](auto sum) { return sum / count; });
  return result;
}

/// The sum of (x - mean)^2 of each window, with the reduced axes kept.
template <class T>
Array<T> squared_deviations(const Array<T>& x, const Array<T>& mean, const Reduced& to) {
  if (mean.size() == 1) {
    const kernels::EntriesWithNumber<T, kernels::SquaredDifference> entries{x.data(), mean.data()[0], {}};
    return kernels::reduce(entries, x.shape(), to.axes, to.kept, kernels::Sum<T>{});
  }
  if (const auto loop = to.loop(x.shape())) return kernels::squared_deviations(x, mean, *loop);
  const Array<T> squares = kernels::map(x.shape(), x, mean, kernels::SquaredDifference{});
  return kernels::reduce(squares, to.axes, to.kept, kernels::Sum<T>{});
}

/// w (x - mean(x)), w with the reduced axes kept: the form of the derivatives of variances. `mean` is the
/// mean of x.
template <class T>
Variable<T> scaled_deviation(const Variable<T>& w, const Variable<T>& x, const Array<T>& mean,
                             const Reduced& to) {
  const auto value = [](auto p, auto s, auto m) { return s * (p - m); };
  return operation(
      "scaled_deviation", kernels::map_all(x.shape(), value, x.value(), w.value(), mean),
      {{w,
        [x, mean, to](const Variable<T>& g) {
          const Variable<T> one = constant(full<T>(to.kept, T(1)));
          return sum(g * scaled_deviation(one, x, mean, to), to.axis_list(), keep_dims);
        }},
       // The deviation is linear in x, and its matrix is symmetric.
       {x, [w, to](const Variable<T>& g) { return scaled_deviation(w, g, means(g.value(), to), to); }}});
}

/// The divisor of the sum of squares, n - ddof, at least 0.
template <class T>
T divisor(const Reduced& to, const VarianceOptions& options) {
  return static_cast<T>(std::max(static_cast<double>(to.count) - options.ddof, 0.0));
}

}  // namespace

template <class T>
Variable<T> detail::var(const Variable<T>& x, const Axes& axes, const VarianceOptions& options) {
  const Reduced to("var", x.shape(), axes, options.keep);
  const T count = divisor<T>(to, options);
  Array<T> mean = means(x.value(), to);
  Array<T> value = squared_deviations(x.value(), mean, to);
  kernels::map_into(value.data(), value.data(), value.size(), [count](auto sum) { return sum / count; });
  value.reshape(to.shape);
  return operation("var", std::move(value), {x, [=, mean = std::move(mean)](const Variable<T>& g) {
                                               return scaled_deviation(restore(g, to.kept) * (2 / count), x,
                                                                       mean, to);
                                             }});
}

template <class T>
Variable<T> detail::stddev(const Variable<T>& x, const Axes& axes, const VarianceOptions& options) {
  const Reduced to("stddev", x.shape(), axes, options.keep);
  const T count = divisor<T>(to, options);
  Array<T> mean = means(x.value(), to);
  Array<T> value = squared_deviations(x.value(), mean, to);
  kernels::map_into(value.data(), value.data(), value.size(),
                    [count](auto sum) { return xsimd::sqrt(sum / count); });
  value.reshape(to.shape);
  return operation("stddev", std::move(value),
                   {x, [=, mean = std::move(mean)](const Variable<T>& g, const Variable<T>& y) {
                      const Variable<T> w = restore(divide_or_zero(g, y), to.kept);
                      return scaled_deviation(w * (1 / count), x, mean, to);
                    }});
}

namespace {

/// x as {..., n}: the axes that are not reduced, and the reduced ones as the last axis.
template <class T>
Variable<T> as_rows(const Variable<T>& x, const Reduced& to) {
  const std::vector<int> order = to.order_with_reduced_last();
  std::vector<std::ptrdiff_t> shape;
  for (std::size_t i = 0; i < to.kept.size(); ++i) {
    if (!to.axes[i]) shape.push_back(static_cast<std::ptrdiff_t>(to.kept[i]));
  }
  shape.push_back(static_cast<std::ptrdiff_t>(to.count));
  return reshape(std::is_sorted(order.begin(), order.end()) ? x : detail::permute(x, order), shape);
}

}  // namespace

template <class T>
Variable<T> detail::quantile(const char* name, const Variable<T>& x, double q, const Axes& axes,
                             KeepDims keep) {
  const Reduced to(name, x.shape(), axes, keep);
  if (!(q >= 0 && q <= 1))
    throw ValueError(fmt::format("{}: q = {}; expected a number from 0 to 1", name, q));
  to.require_entries(name, name, x.shape());
  const double place = q * static_cast<double>(to.count - 1);
  const double below = std::floor(place);

  const Variable<T> rows = as_rows(x, to);
  check_row_length<T>(name, rows.shape());
  Shape shape = rows.shape();
  shape.back() = 1;
  const auto low = make_pooled<Array<std::int64_t>>(shape);
  const auto high = make_pooled<Array<std::int64_t>>(shape);
  kernels::select_rows(rows.value().data(), low->size(), to.count, static_cast<std::size_t>(below),
                       low->data(), high->data());
  const Variable<T> lower = take_in_rows(rows, RowIndices(low));
  const auto share = static_cast<T>(place - below);
  if (share == 0) return restore(lower, to.shape);
  const Variable<T> upper = take_in_rows(rows, RowIndices(high));
  return restore(lower * (1 - share) + upper * share, to.shape);
}

#define XGRAD_INSTANTIATE(T)                                                                       \
  template Variable<T> detail::var<T>(const Variable<T>&, const Axes&, const VarianceOptions&);    \
  template Variable<T> detail::stddev<T>(const Variable<T>&, const Axes&, const VarianceOptions&); \
  template Variable<T> detail::quantile<T>(const char*, const Variable<T>&, double, const Axes&, KeepDims);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
