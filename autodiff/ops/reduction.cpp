#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/exp_totals.hpp>
#include <autodiff/kernels/product.hpp>
#include <autodiff/kernels/reduction.hpp>
#include <autodiff/kernels/strided.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/detail/functions.hpp>
#include <autodiff/ops/detail/recurrence.hpp>
#include <autodiff/ops/detail/reduced.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace xgrad {

std::vector<bool> Axes::reduced(const char* operation, const Shape& shape) const {
  std::vector<bool> result(shape.size(), all_);
  for (const int axis : axes_) {
    const std::size_t index = detail::normalize_axis(operation, axis, shape);
    if (result[index]) {
      throw ShapeError(fmt::format("{}: axis {} of an array of shape {} is named twice", operation, axis,
                                   to_string(shape)));
    }
    result[index] = true;
  }
  return result;
}

namespace detail {

Reduced::Reduced(const char* operation, const Shape& from, const Axes& which, KeepDims keep)
    : axes(which.reduced(operation, from)), kept(from) {
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (axes[i]) {
      kept[i] = 1;
      count *= from[i];
    }
    if (!axes[i] || keep) shape.push_back(kept[i]);
  }
  check_size(operation, kept, sizeof(double));  // in an empty array, the other axes may have any extent
}

std::optional<kernels::AxisLoop> Reduced::loop(const Shape& from) const {
  const auto first = std::find(axes.begin(), axes.end(), true);
  const auto last = std::find(first, axes.end(), false);
  if (std::find(last, axes.end(), true) != axes.end()) return std::nullopt;
  return kernels::AxisLoop(from, static_cast<std::size_t>(first - axes.begin()),
                           static_cast<std::size_t>(last - axes.begin()));
}

std::vector<int> Reduced::axis_list() const {
  std::vector<int> result;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (axes[i]) result.push_back(static_cast<int>(i));
  }
  return result;
}

std::vector<int> Reduced::order_with_reduced_last() const {
  std::vector<int> order;
  for (const bool which : {false, true}) {
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (axes[i] == which) order.push_back(static_cast<int>(i));
    }
  }
  return order;
}

void Reduced::require_entries(const char* operation, const char* what, const Shape& from) const {
  if (count > 0) return;
  throw ShapeError(fmt::format("{}: an array of shape {} has no entries to take the {} of", operation,
                               to_string(from), what));
}

template <class T>
Variable<T> restore(const Variable<T>& x, const Shape& kept) {
  return x.shape() == kept ? x : reshape(x, signed_shape(kept));
}

}  // namespace detail

using detail::Direction;
using detail::Reduced;
using detail::restore;

namespace {

/// For each window, the number of entries equal to its extreme `y`.
template <class T>
Array<T> count_ties(const Array<T>& x, const Array<T>& y, const Reduced& to) {
  if (y.size() == 1) {
    const kernels::EntriesWithNumber<T, kernels::IsEqual> entries{x.data(), y.data()[0], {}};
    return kernels::reduce(entries, x.shape(), to.axes, to.kept, kernels::Sum<T>{});
  }
  const Array<T> ties = kernels::map(x.shape(), x, y, kernels::IsEqual{});
  return kernels::reduce(ties, to.axes, to.kept, kernels::Sum<T>{});
}

/// share where p is the extreme entry q of its window, 0 elsewhere.
struct PassToEqual {
  template <class V>
  V operator()(V p, V q, V share) const {
    using T = typename V::value_type;
    return xsimd::select(p == q, share, V(T(0)));
  }
};

/// The share of g of the entries where x equals y, 0 elsewhere.
template <class T>
Array<T> equal_shares(const Array<T>& g, const Array<T>& x, const Array<T>& y, const Reduced& to) {
  const auto loop = to.loop(x.shape());
  if (!loop || !loop->has_rows()) {
    const Array<T> share =
        kernels::map(to.kept, g, count_ties(x, y, to), [](auto p, auto q) { return p / q; });
    return kernels::map_all(x.shape(), PassToEqual{}, x, y, share);
  }
  Array<T> result(x.shape());
  kernels::for_row_groups<T>(loop->outer, loop->extent, [&](kernels::RowGroup<T>& group) {
    alignas(64) T share[kernels::RowGroup<T>::capacity];
    const T* in = x.data() + group.offset();
    const T* extreme = y.data() + group.first();
    if (group.is_long()) {
      const kernels::EntriesWithNumber<T, kernels::IsEqual> entries{in, *extreme, {}};
      *share = kernels::detail::reduce_row(entries, group.length(), kernels::Sum<T>{});
    } else {
      group.template map<1, 1>(group.scratch(), {in}, {extreme}, kernels::IsEqual{});
      group.reduce(group.scratch(), share, kernels::Sum<T>{});
    }
    for (std::size_t r = 0; r < group.count(); ++r) share[r] = g.data()[group.first() + r] / share[r];
    group.template map<1, 2>(result.data() + group.offset(), {in}, {extreme, share}, PassToEqual{});
  });
  return result;
}

}  // namespace

template <class T>
Variable<T> detail::share_among_equal(const Variable<T>& g, const Variable<T>& x, const Array<T>& y,
                                      const Reduced& to) {
  return operation("share_among_equal", equal_shares(g.value(), x.value(), y, to),
                   {g, [x, y, to](const Variable<T>& gg) {
                      const Array<T> one = full<T>(to.kept, T(1));
                      const auto share = constant(equal_shares(one, x.value(), y, to));
                      return sum(gg * share, to.axis_list(), keep_dims);
                    }});
}

namespace {

/// The product of each window, whose axes need not be adjacent.
template <class T>
Array<T> products(const Array<T>& x, const Reduced& to) {
  Array<T> result;
  if (const auto loop = to.loop(x.shape())) {
    result = kernels::products(x, *loop);
  } else {
    const auto strides = kernels::contiguous_strides(x.shape());
    kernels::Strided moved;
    for (const int axis : to.order_with_reduced_last()) {
      moved.shape.push_back(x.shape()[axis]);
      moved.strides.push_back(strides[axis]);
    }
    const auto kept = static_cast<std::size_t>(std::count(to.axes.begin(), to.axes.end(), false));
    result = kernels::products(kernels::gather(x, moved),
                               kernels::AxisLoop(moved.shape, kept, moved.shape.size()));
  }
  result.reshape(to.shape);
  return result;
}

/// For each entry, the product of the other entries in its window. If no tape records, computed in one pass,
/// with bit-identical results.
template <class T>
Variable<T> products_of_others(const Variable<T>& x, const Reduced& to) {
  if (const auto loop = to.loop(x.shape())) {
    if (!detail::is_recording()) {
      Variable<T> result = kernels::products_of_others(x.value(), *loop);
      detail::mark_computed(*result.node(), x.node()->constant);
      return result;
    }
    const auto exclusive = [&](Direction direction) {
      return detail::shift(detail::cumprod(x, *loop, direction), *loop, direction, T(1));
    };
    return exclusive(Direction::forward) * exclusive(Direction::backward);
  }
  const std::vector<int> axes = to.axis_list();
  std::vector<int> last(axes.size());
  std::iota(last.begin(), last.end(), static_cast<int>(x.dimension() - last.size()));
  const Variable<T> moved = moveaxis(x, axes, last);
  return moveaxis(products_of_others(moved, Reduced("prod", moved.shape(), last, {})), last, axes);
}

/// The largest entry if it is finite, otherwise 0: the shift of logsumexp.
template <class T>
Array<T> finite_max(const Array<T>& x, const Reduced& to) {
  return kernels::map(kernels::reduce(x, to.axes, to.kept, kernels::Max<T>{}), []<class V>(V p) {
    return xsimd::select(xsimd::abs(p) < V(std::numeric_limits<T>::infinity()), p, V(T(0)));
  });
}

/// sum(exp(x - shift)) - 1 over the reduced axes, and the shift.
template <class T>
kernels::ExpTotals<T> exp_totals(const Array<T>& x, const Reduced& to) {
  if (const auto loop = to.loop(x.shape())) return kernels::exp_totals(x, *loop);
  Array<T> shift = finite_max(x, to);
  const Array<T> ones = count_ties(x, shift, to);
  const Array<T> powers = kernels::map(x.shape(), x, shift, []<class V>(V p, V m) {
    return xsimd::select(p == m, V(T(0)), xsimd::exp(p - m));
  });
  const Array<T> rest = kernels::reduce(powers, to.axes, to.kept, kernels::Sum<T>{});
  const auto excess = []<class V>(V n, V sum) { return sum + (n - V(T(1))); };
  return {std::move(shift), kernels::map(to.kept, ones, rest, excess)};
}

/// The pullback of logsumexp, g exp(x - y), in one pass; g and y have the reduced axes.
template <class T>
Variable<T> logsumexp_gradient(const Variable<T>& g, const Variable<T>& x, const Variable<T>& y) {
  const auto value = [](auto p, auto q, auto r) { return q * xsimd::exp(p - r); };
  return operation(
      "logsumexp_gradient", kernels::map_all(x.shape(), value, x.value(), g.value(), y.value()),
      {{g, [x, y](const Variable<T>& gg) { return detail::sum_to(gg * exp(x - y), y.shape()); }},
       {x, [g, x, y](const Variable<T>& gg) { return gg * g * exp(x - y); }},
       {y, [g, x, y](const Variable<T>& gg) { return -detail::sum_to(gg * g * exp(x - y), y.shape()); }}});
}

/// The largest or smallest entry of each window.
template <class Extreme, class T>
Variable<T> extreme(const char* name, const char* what, const Variable<T>& x, const Axes& axes,
                    KeepDims keep) {
  const Reduced to(name, x.shape(), axes, keep);
  to.require_entries(name, what, x.shape());
  return operation(name, kernels::reduce(x.value(), to.axes, to.shape, Extreme{}),
                   {x, [x, to](const Variable<T>& g, const Variable<T>& y) {
                      Array<T> entry = y.value();
                      entry.reshape(to.kept);
                      return share_among_equal(restore(g, to.kept), x, entry, to);
                    }});
}

}  // namespace

namespace detail {

template <class T>
Variable<T> zero_for_nothing(const Variable<T>& y) {
  constexpr T nothing = -std::numeric_limits<T>::infinity();
  if (std::find(y.value().begin(), y.value().end(), nothing) == y.value().end()) return y;
  return xgrad::where(y == nothing, T(0), y);
}

template <class T>
Variable<T> divide_or_zero(const Variable<T>& g, const Variable<T>& y) {
  if (std::find(y.value().begin(), y.value().end(), T(0)) == y.value().end()) return g / y;
  return ratio(g, y);
}

template <class T>
Variable<T> sum(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  const Reduced to("sum", x.shape(), axes, keep);
  return operation("sum", kernels::reduce(x.value(), to.axes, to.shape, kernels::Sum<T>{}),
                   {x, [kept = to.kept, s = x.shape()](const Variable<T>& g) {
                      return broadcast_to(restore(g, kept), s);
                    }});
}

template <class T>
Variable<T> mean(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  const Reduced to("mean", x.shape(), axes, keep);
  return sum(x, axes, keep) / static_cast<T>(to.count);
}

template <class T>
Variable<T> prod(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  const Reduced to("prod", x.shape(), axes, keep);
  return operation("prod", products(x.value(), to), {x, [x, to](const Variable<T>& g) {
                                                       return restore(g, to.kept) * products_of_others(x, to);
                                                     }});
}

template <class T>
Variable<T> max(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  return extreme<kernels::Max<T>>("max", "maximum", x, axes, keep);
}

template <class T>
Variable<T> min(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  return extreme<kernels::Min<T>>("min", "minimum", x, axes, keep);
}

template <class T>
Variable<T> logsumexp(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  const Reduced to("logsumexp", x.shape(), axes, keep);
  kernels::ExpTotals<T> totals = exp_totals(x.value(), to);
  Array<T> value = std::move(totals.excess);
  kernels::detail::log_totals(totals.shift.data(), value.data(), value.size(), value.data());
  value.reshape(to.shape);
  return operation("logsumexp", std::move(value),
                   {x, [x, kept = to.kept](const Variable<T>& g, const Variable<T>& y) {
                      return logsumexp_gradient(restore(g, kept), x, zero_for_nothing(restore(y, kept)));
                    }});
}

template <class T>
Variable<T> sum_to(const Variable<T>& x, const Shape& shape) {
  if (x.shape() == shape) return x;
  const std::size_t added = x.dimension() - shape.size();
  std::vector<int> axes;
  for (std::size_t i = 0; i < x.dimension(); ++i) {
    if (i < added || (shape[i - added] == 1 && x.shape()[i] != 1)) axes.push_back(static_cast<int>(i));
  }
  return restore(sum(x, axes, {}), shape);
}

}  // namespace detail

template <class T>
Variable<T> detail::smooth_max(const Variable<T>& x, double sharpness, const Axes& axes, KeepDims keep) {
  if (!(std::isfinite(sharpness) && sharpness > 0)) {
    throw ValueError(fmt::format("smooth_max: a sharpness of {}; expected a finite number > 0", sharpness));
  }
  return logsumexp(sharpness * x, axes, keep) / sharpness;
}

#define XGRAD_INSTANTIATE(T)                                                                                 \
  template Variable<T> detail::restore<T>(const Variable<T>&, const Shape&);                                 \
  template Variable<T> detail::share_among_equal<T>(const Variable<T>&, const Variable<T>&, const Array<T>&, \
                                                    const Reduced&);                                         \
  template Variable<T> detail::zero_for_nothing<T>(const Variable<T>&);                                      \
  template Variable<T> detail::divide_or_zero<T>(const Variable<T>&, const Variable<T>&);                    \
  template Variable<T> detail::smooth_max<T>(const Variable<T>&, double, const Axes&, KeepDims);             \
  template Variable<T> detail::sum<T>(const Variable<T>&, const Axes&, KeepDims);                            \
  template Variable<T> detail::mean<T>(const Variable<T>&, const Axes&, KeepDims);                           \
  template Variable<T> detail::prod<T>(const Variable<T>&, const Axes&, KeepDims);                           \
  template Variable<T> detail::max<T>(const Variable<T>&, const Axes&, KeepDims);                            \
  template Variable<T> detail::min<T>(const Variable<T>&, const Axes&, KeepDims);                            \
  template Variable<T> detail::logsumexp<T>(const Variable<T>&, const Axes&, KeepDims);                      \
  template Variable<T> detail::sum_to<T>(const Variable<T>&, const Shape&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
