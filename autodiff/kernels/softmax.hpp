#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/exp_totals.hpp>
#include <autodiff/kernels/rows.hpp>

/// \file
/// Softmax along one axis, and its derivatives.

namespace xgrad::kernels {

/// A finite total, or NaN for an infinite one: if an entry is infinite, softmax is undefined.
template <class V>
V nan_if_infinite(V total) {
  return total + V(0.0F) * total;
}

/// softmax (or its logarithm) of x along the loop's axis. The largest entry is subtracted first, so that no
/// exponential overflows.
template <bool logarithm, class T>
Array<T> softmax(const Array<T>& x, const AxisLoop& loop) {
  const auto scale = [](auto p, auto s) { return p * s; };
  // In this order: a large shift plus the logarithm of a sum would lose the digits of the latter.
  const auto subtract = [](auto p, auto m, auto s) { return (p - m) - s; };
  if (loop.has_rows()) {
    Array<T> result(x.shape());
    for_row_groups<T>(loop.outer, loop.extent, [&](RowGroup<T>& group) {
      const T* in = x.data() + group.offset();
      T* out = result.data() + group.offset();
      alignas(64) T shift[RowGroup<T>::capacity];
      alignas(64) T total[RowGroup<T>::capacity];
      if constexpr (logarithm) {
        detail::exp_totals_of_rows(group, in, shift, total);
        auto logarithm_of = [](auto s) { return nan_if_infinite(xsimd::log1p(s)); };
        detail::map_row(total, group.count(), logarithm_of, detail::Stream<detail::Step::advance, T>{total});
        group.template map<1, 2>(out, {in}, {shift, total}, subtract);
      } else {
        detail::powers_of_rows(group, in, shift, total, out);
        for (std::size_t r = 0; r < group.count(); ++r) total[r] = 1 / nan_if_infinite(total[r]);
        group.template map<1, 1>(out, {out}, {total}, scale);
      }
    });
    return result;
  }
  ExpTotals<T> totals = exp_totals(x, loop);
  T* excess = totals.excess.data();
  if constexpr (logarithm) {
    map_into(excess, excess, totals.excess.size(), [](auto s) { return nan_if_infinite(xsimd::log1p(s)); });
    return map_all(x.shape(), subtract, x, totals.shift, totals.excess);
  } else {
    map_into(excess, excess, totals.excess.size(),
             []<class V>(V s) { return V(T(1)) / nan_if_infinite(V(T(1)) + s); });
    return map_all(
        x.shape(), [](auto p, auto m, auto s) { return xsimd::exp(p - m) * s; }, x, totals.shift,
        totals.excess);
  }
}

/// result(g, y, total) of every entry, with total = the sum of term(g, y) along the loop's axis: the form of
/// the derivatives of softmax and its logarithm.
template <class T, class Term, class Result>
Array<T> combine_with_total(const Array<T>& g, const Array<T>& y, const AxisLoop& loop, Term term,
                            Result result) {
  if (loop.has_rows()) {
    Array<T> out(g.shape());
    for_row_groups<T>(loop.outer, loop.extent, [&](RowGroup<T>& group) {
      const T* pg = g.data() + group.offset();
      const T* py = y.data() + group.offset();
      alignas(64) T total[RowGroup<T>::capacity];
      std::fill_n(total, group.count(), T(0));
      detail::reduce_rows(PairEntries<T, Term>{pg, py, term}, group.count(), group.length(), total, Sum<T>{});
      group.template map<2, 1>(out.data() + group.offset(), {pg, py}, {total}, result);
    });
    return out;
  }
  const Array<T> total =
      reduce(PairEntries<T, Term>{g.data(), y.data(), term}, Shape{loop.outer, loop.extent, loop.inner},
             {false, true, false}, loop.kept, Sum<T>{});
  return map_all(g.shape(), result, g, y, total);
}

}  // namespace xgrad::kernels
