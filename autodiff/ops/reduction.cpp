#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/exp_totals.hpp>
#include <autodiff/kernels/reduction.hpp>
#include <autodiff/kernels/rows.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/axis.hpp>
#include <autodiff/ops/elementwise.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

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

namespace {

/// The shapes of a reduction's result, and how many entries make one of its.
struct Reduced {
  std::vector<bool> axes;
  Shape kept;   // with the reduced axes, of extent 1
  Shape shape;  // as asked for
  std::size_t count = 1;

  Reduced(const char* operation, const Shape& from, const Axes& which, KeepDims keep)
      : axes(which.reduced(operation, from)), kept(from) {
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (axes[i]) {
        kept[i] = 1;
        count *= from[i];
      }
      if (!axes[i] || keep) shape.push_back(kept[i]);
    }
  }

  /// The reduced axes as one, where they are neighbours.
  std::optional<kernels::AxisLoop> loop(const Shape& from) const {
    const auto first = std::find(axes.begin(), axes.end(), true);
    const auto last = std::find(first, axes.end(), false);
    if (std::find(last, axes.end(), true) != axes.end()) return std::nullopt;
    return kernels::AxisLoop(from, static_cast<std::size_t>(first - axes.begin()),
                             static_cast<std::size_t>(last - axes.begin()));
  }

  std::vector<int> axis_list() const {
    std::vector<int> result;
    for (std::size_t i = 0; i < axes.size(); ++i) {
      if (axes[i]) result.push_back(static_cast<int>(i));
    }
    return result;
  }
};

/// A result or its cotangent with the reduced axes back, so that it broadcasts against the operand.
template <class T>
Variable<T> restore(const Variable<T>& x, const Shape& kept) {
  return x.shape() == kept ? x : reshape(x, detail::signed_shape(kept));
}

/// For each window, the number of entries that are equal to its largest, `y`.
template <class T>
Array<T> count_ties(const Array<T>& x, const Array<T>& y, const Reduced& to) {
  if (y.size() == 1) {
    const kernels::EntriesWithNumber<T, kernels::IsEqual> entries{x.data(), y.data()[0], {}};
    return kernels::reduce(entries, x.shape(), to.axes, to.kept, kernels::Sum<T>{});
  }
  const Array<T> ties = kernels::map(x.shape(), x, y, kernels::IsEqual{});
  return kernels::reduce(ties, to.axes, to.kept, kernels::Sum<T>{});
}

/// share where p is the largest entry q of its window, 0 elsewhere.
struct PassToLargest {
  template <class V>
  V operator()(V p, V q, V share) const {
    using T = typename V::value_type;
    return xsimd::select(p == q, share, V(T(0)));
  }
};

/// The cotangent of x, for g and y with the reduced axes: the entries that are largest share g equally.
template <class T>
Array<T> share_among_largest(const Array<T>& g, const Array<T>& x, const Array<T>& y, const Reduced& to) {
  const auto loop = to.loop(x.shape());
  if (!loop || !loop->has_rows()) {
    const Array<T> share =
        kernels::map(to.kept, g, count_ties(x, y, to), [](auto p, auto q) { return p / q; });
    return kernels::map_all(x.shape(), PassToLargest{}, x, y, share);
  }
  Array<T> result(x.shape());
  kernels::for_row_groups<T>(loop->outer, loop->extent, [&](kernels::RowGroup<T>& group) {
    alignas(64) T share[kernels::RowGroup<T>::capacity];
    const T* in = x.data() + group.offset();
    const T* largest = y.data() + group.first();
    if (group.is_long()) {
      const kernels::EntriesWithNumber<T, kernels::IsEqual> entries{in, *largest, {}};
      *share = kernels::detail::reduce_row(entries, group.length(), kernels::Sum<T>{});
    } else {
      group.template map<1, 1>(group.scratch(), {in}, {largest}, kernels::IsEqual{});
      group.reduce(group.scratch(), share, kernels::Sum<T>{});
    }
    for (std::size_t r = 0; r < group.count(); ++r) share[r] = g.data()[group.first() + r] / share[r];
    group.template map<1, 2>(result.data() + group.offset(), {in}, {largest, share}, PassToLargest{});
  });
  return result;
}

/// The pullback of max; it is linear in g, and its derivatives by x and y are zero.
template <class T>
Variable<T> max_gradient(const Variable<T>& g, const Array<T>& y, const Variable<T>& x, const Reduced& to) {
  return operation("max_gradient", share_among_largest(g.value(), x.value(), y, to),
                   {g, [x, y, to](const Variable<T>& gg) {
                      const Array<T> one = full<T>(to.kept, T(1));
                      const auto share = constant(share_among_largest(one, x.value(), y, to));
                      return sum(gg * share, to.axis_list(), keep_dims);
                    }});
}

/// The largest entry where it is finite, 0 elsewhere: what logsumexp may subtract.
template <class T>
Array<T> finite_max(const Array<T>& x, const Reduced& to) {
  return kernels::map(kernels::reduce(x, to.axes, to.kept, kernels::Max<T>{}), []<class V>(V p) {
    return xsimd::select(xsimd::abs(p) < V(std::numeric_limits<T>::infinity()), p, V(T(0)));
  });
}

/// sum(exp(x - shift)) over the reduced axes, and the shift.
template <class T>
kernels::ExpTotals<T> exp_totals(const Array<T>& x, const Reduced& to) {
  if (const auto loop = to.loop(x.shape())) return kernels::exp_totals(x, *loop);
  Array<T> shift = finite_max(x, to);
  const Array<T> powers = kernels::map(x.shape(), x, shift, [](auto p, auto m) { return xsimd::exp(p - m); });
  return {std::move(shift), kernels::reduce(powers, to.axes, to.kept, kernels::Sum<T>{})};
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

}  // namespace

namespace detail {

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
Variable<T> max(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  const Reduced to("max", x.shape(), axes, keep);
  if (to.count == 0) {
    throw ShapeError(
        fmt::format("max: nothing to take the maximum of in an array of shape {}", to_string(x.shape())));
  }
  return operation("max", kernels::reduce(x.value(), to.axes, to.shape, kernels::Max<T>{}),
                   {x, [x, to](const Variable<T>& g, const Variable<T>& y) {
                      Array<T> largest = y.value();
                      largest.reshape(to.kept);
                      return max_gradient(restore(g, to.kept), largest, x, to);
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
Variable<T> logsumexp(const Variable<T>& x, const Axes& axes, KeepDims keep) {
  const Reduced to("logsumexp", x.shape(), axes, keep);
  kernels::ExpTotals<T> totals = exp_totals(x.value(), to);
  Array<T> value = std::move(totals.total);
  kernels::detail::log_totals(totals.shift.data(), value.data(), value.size(), value.data());
  value.reshape(to.shape);
  return operation("logsumexp", std::move(value),
                   {x, [x, kept = to.kept](const Variable<T>& g, const Variable<T>& y) {
                      return logsumexp_gradient(restore(g, kept), x, restore(y, kept));
                    }});
}

#define XGRAD_INSTANTIATE(T)                                                       \
  template Variable<T> detail::sum<T>(const Variable<T>&, const Axes&, KeepDims);  \
  template Variable<T> detail::mean<T>(const Variable<T>&, const Axes&, KeepDims); \
  template Variable<T> detail::max<T>(const Variable<T>&, const Axes&, KeepDims);  \
  template Variable<T> detail::sum_to<T>(const Variable<T>&, const Shape&);        \
  template Variable<T> logsumexp<T>(const Variable<T>&, const Axes&, KeepDims);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
