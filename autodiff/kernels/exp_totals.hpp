#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/rows.hpp>

#include <cmath>

/// \file
/// Sums of exponentials along an axis, in one pass over memory. The largest entry is subtracted first, so
/// that it contributes exactly 1. This 1 is kept separately, so that the sum of the other entries keeps its
/// precision, however small it is.

namespace xgrad::kernels {

/// sum(exp(x - shift)) - 1 along an axis, which is kept with extent 1. The shift is the largest entry if that
/// is finite, else 0.
template <class T>
struct ExpTotals {
  Array<T> shift;
  Array<T> excess;
};

namespace detail {

template <class T>
Batch<T> where_finite(Batch<T> x) {
  return xsimd::select(xsimd::abs(x) < Batch<T>(std::numeric_limits<T>::infinity()), x, Batch<T>(T(0)));
}

/// out = shift + log(1 + excess)
template <class T>
void log_totals(const T* shift, const T* excess, std::size_t count, T* out) {
  auto value = [](auto m, auto s) { return m + xsimd::log1p(s); };
  map_row(out, count, value, Stream<Step::advance, T>{shift}, Stream<Step::advance, T>{excess});
}

/// A sum of exp(x - shift): the number of entries equal to the shift, and the sum of the exponentials of the
/// others.
template <class V>
struct ExpSum {
  V ones = V(0.0F);
  V rest = V(0.0F);

  /// Adds an entry and returns its exponential.
  V add(V x, V shift) {
    const V power = xsimd::exp(x - shift);
    const auto is_one = x == shift;
    rest += xsimd::select(is_one, V(0.0F), power);
    ones += xsimd::select(is_one, V(1.0F), V(0.0F));
    return power;
  }
  ExpSum operator+(const ExpSum& other) const { return {ones + other.ones, rest + other.rest}; }
  V excess() const { return rest + (ones - V(1.0F)); }
};

/// The pairwise sum of exp(x - shift) over a long row, as in reduce_row. Unless `powers` is null, the
/// exponentials are stored there; it must not overlap `in`.
template <class T>
ExpSum<T> exp_row(const T* in, std::size_t count, T shift, T* powers) {
  constexpr std::size_t width = Batch<T>::size;
  constexpr std::size_t block = 1024;
  if (count > block) {
    const std::size_t half = count / 2 / width * width;
    const ExpSum<T> first = exp_row(in, half, shift, powers);
    return first + exp_row(in + half, count - half, shift, powers == nullptr ? nullptr : powers + half);
  }
  const Batch<T> m(shift);
  const auto add_at = [&](std::size_t i, ExpSum<Batch<T>>& sum) {
    const Batch<T> power = sum.add(Batch<T>::load_unaligned(in + i), m);
    if (powers != nullptr) power.store_unaligned(powers + i);
  };
  std::array<ExpSum<Batch<T>>, 2> sums;
  std::size_t i = 0;
  for (; i + 2 * width <= count; i += 2 * width) {
    add_at(i, sums[0]);
    add_at(i + width, sums[1]);
  }
  for (; i + width <= count; i += width) add_at(i, sums[0]);
  if (i < count) {  // the last batch overlaps the one before it; a long row has more entries than a batch
    ExpSum<Batch<T>> end;
    add_at(count - width, end);
    sums[1] = sums[1] +
              ExpSum<Batch<T>>{last_lanes(end.ones, count - i, T(0)), last_lanes(end.rest, count - i, T(0))};
  }
  const ExpSum<Batch<T>> all = sums[0] + sums[1];
  return {reduce_lanes(all.ones, Sum<T>{}), reduce_lanes(all.rest, Sum<T>{})};
}

/// The shifts of a group's rows.
template <class T>
void shifts_of_rows(const RowGroup<T>& group, const T* in, T* shift) {
  group.reduce(in, shift, Max<T>{});
  for (std::size_t r = 0; r < group.count(); ++r) shift[r] = std::isfinite(shift[r]) ? shift[r] : T(0);
}

/// Shifts and excesses of a group's rows.
template <class T>
void exp_totals_of_rows(RowGroup<T>& group, const T* in, T* shift, T* excess) {
  shifts_of_rows(group, in, shift);
  if (group.is_long()) {
    *excess = exp_row(in, group.length(), *shift, static_cast<T*>(nullptr)).excess();
    return;
  }
  alignas(64) T ones[RowGroup<T>::capacity];
  group.template map<1, 1>(group.scratch(), {in}, {shift}, IsEqual{});
  group.reduce(group.scratch(), ones, Sum<T>{});
  group.template map<1, 1>(group.scratch(), {in}, {shift}, []<class V>(V p, V m) {
    return xsimd::select(p == m, V(T(0)), xsimd::exp(p - m));
  });
  group.reduce(group.scratch(), excess, Sum<T>{});
  for (std::size_t r = 0; r < group.count(); ++r) excess[r] = ExpSum<T>{ones[r], excess[r]}.excess();
}

/// Shifts, powers exp(x - shift) and their sums, of a group's rows.
template <class T>
void powers_of_rows(RowGroup<T>& group, const T* in, T* shift, T* total, T* powers) {
  shifts_of_rows(group, in, shift);
  if (group.is_long()) {
    *total = 1 + exp_row(in, group.length(), *shift, powers).excess();
    return;
  }
  group.template map<1, 1>(powers, {in}, {shift}, [](auto p, auto m) { return xsimd::exp(p - m); });
  group.reduce(powers, total, Sum<T>{});
}

/// The largest entry so far and the sum of exp(x - shift) minus 1, for several columns. Initially -infinity
/// and -1.
template <class T>
struct RunningTotal {
  Batch<T> high;
  Batch<T> excess;

  /// Adds a sum with the shift of `new_high`, the largest entry including those of the sum.
  void add(Batch<T> new_high, const ExpSum<Batch<T>>& sum) {
    const ExpSum<Batch<T>> before = scaled(new_high);
    high = new_high;
    excess = (before + sum).excess();
  }

  /// The sum so far, rescaled to the shift of `new_high`.
  ExpSum<Batch<T>> scaled(Batch<T> new_high) const {
    const Batch<T> one(T(1));
    const auto rises = new_high > high;
    const Batch<T> smaller = (excess + one) * xsimd::exp(high - where_finite(new_high));
    return {xsimd::select(rises, Batch<T>(T(0)), one), xsimd::select(rises, smaller, excess)};
  }
};

/// Calls `step(load, running)` for batches of the running totals of `count` columns and stores the updated
/// totals; `load(x)` reads the batch of x at the same columns.
template <class T, class F>
void update_totals(T* high, T* excess, std::size_t count, const F& step) {
  constexpr std::size_t width = Batch<T>::size;
  if (count < width) {
    RunningTotal<T> running{Stream<Step::advance, T>{high}.load_first(count),
                            Stream<Step::advance, T>{excess}.load_first(count)};
    step([&](const T* x) { return Stream<Step::advance, T>{x}.load_first(count); }, running);
    store_first(high, count, running.high);
    store_first(excess, count, running.excess);
    return;
  }
  const auto at = [&](std::size_t i) {
    RunningTotal<T> running{Batch<T>::load_unaligned(high + i), Batch<T>::load_unaligned(excess + i)};
    step([i](const T* x) { return Batch<T>::load_unaligned(x + i); }, running);
    return running;
  };
  const std::size_t last = count - width;
  const RunningTotal<T> end = at(last);  // overlaps the batch before it, so it is read first
  for (std::size_t i = 0; i < last; i += width) {
    const RunningTotal<T> running = at(i);
    running.high.store_unaligned(high + i);
    running.excess.store_unaligned(excess + i);
  }
  end.high.store_unaligned(high + last);
  end.excess.store_unaligned(excess + last);
}

/// Adds `rows` rows that are `stride` apart, column by column.
template <class T>
void add_exp_rows(const T* in, std::size_t rows, std::size_t stride, std::size_t length, T* high, T* excess) {
  constexpr std::size_t group = 8;    // rows per change of the shift
  constexpr std::size_t block = 512;  // columns; they stay in the L1 cache
  if (length == 0) return;
  for (std::size_t j = 0; j < length; j += block) {
    const std::size_t columns = std::min(block, length - j);
    std::size_t r = 0;
    for (; r + group <= rows; r += group) {
      const T* first = in + r * stride + j;
      update_totals(high + j, excess + j, columns, [=](const auto& load, RunningTotal<T>& running) {
        std::array<Batch<T>, group> x;
        Batch<T> largest = running.high;
        for (std::size_t k = 0; k < group; ++k) {
          x[k] = load(first + k * stride);
          largest = Max<T>{}(largest, x[k]);
        }
        ExpSum<Batch<T>> sum;
        for (std::size_t k = 0; k < group; ++k) sum.add(x[k], where_finite(largest));
        running.add(largest, sum);
      });
    }
    for (; r < rows; ++r) {
      update_totals(high + j, excess + j, columns,
                    [row = in + r * stride + j](const auto& load, RunningTotal<T>& running) {
                      const Batch<T> x = load(row);
                      const Batch<T> largest = Max<T>{}(running.high, x);
                      ExpSum<Batch<T>> sum;
                      sum.add(x, where_finite(largest));
                      running.add(largest, sum);
                    });
    }
  }
}

/// Adds the totals of other rows of the same columns.
template <class T>
void merge_totals(const T* other_high, const T* other_excess, std::size_t count, T* high, T* excess) {
  update_totals(high, excess, count, [=](const auto& load, RunningTotal<T>& running) {
    const RunningTotal<T> other{load(other_high), load(other_excess)};
    const Batch<T> largest = Max<T>{}(running.high, other.high);
    running.add(largest, other.scaled(largest));
  });
}

/// The same as add_exp_rows for contiguous rows; short ones are joined to longer ones first.
template <class T>
void add_exp_columns(const T* in, std::size_t rows, std::size_t length, T* high, T* excess) {
  constexpr std::size_t width = Batch<T>::size;
  const std::size_t joined =
      length > short_row ? 0 : std::min(joined_rows<T>(length), rows / (4 * width) * width);
  if (joined == 0) {
    add_exp_rows(in, rows, length, length, high, excess);
    return;
  }
  alignas(64) T highs[joined_entries<T>];
  alignas(64) T excesses[joined_entries<T>];
  const std::size_t period = joined * length;
  std::fill_n(highs, period, Max<T>{}.initial);
  std::fill_n(excesses, period, T(-1));
  add_exp_rows(in, rows / joined, period, period, highs, excesses);
  add_exp_rows(in + rows / joined * period, 1, period, rows % joined * length, highs, excesses);
  for (std::size_t r = 0; r < joined; ++r)
    merge_totals(highs + r * length, excesses + r * length, length, high, excess);
}

/// Adds one block of columns, divided among all threads.
template <class T>
void add_exp_columns_together(const T* in, const AxisLoop& loop, std::size_t threads, T* high, T* excess) {
  if (loop.extent < 64 * threads) {
    parallel_parts(loop.inner, threads, [&](std::size_t begin, std::size_t end, std::size_t) {
      add_exp_rows(in + begin, loop.extent, loop.inner, end - begin, high + begin, excess + begin);
    });
    return;
  }
  Array<T> highs = full<T>({threads, loop.inner}, Max<T>{}.initial);
  Array<T> excesses = full<T>({threads, loop.inner}, T(-1));
  parallel_parts(loop.extent, threads, [&](std::size_t begin, std::size_t end, std::size_t t) {
    add_exp_columns(in + begin * loop.inner, end - begin, loop.inner, highs.data() + t * loop.inner,
                    excesses.data() + t * loop.inner);
  });
  for (std::size_t t = 0; t < threads; ++t) {
    merge_totals(highs.data() + t * loop.inner, excesses.data() + t * loop.inner, loop.inner, high, excess);
  }
}

}  // namespace detail

template <class T>
ExpTotals<T> exp_totals(const Array<T>& x, const AxisLoop& loop) {
  ExpTotals<T> result{full<T>(loop.kept, Max<T>{}.initial), full<T>(loop.kept, T(-1))};
  T* high = result.shift.data();
  T* excess = result.excess.data();
  if (loop.has_rows()) {
    for_row_groups<T>(loop.outer, loop.extent, [&](RowGroup<T>& group) {
      detail::exp_totals_of_rows(group, x.data() + group.offset(), high + group.first(),
                                 excess + group.first());
    });
  } else if (x.size() > 0) {
    const std::size_t threads = thread_count(x.size(), elementwise_grain);
    const std::size_t size = loop.extent * loop.inner;
    const auto place = [&](std::size_t o, auto&& add) {
      add(x.data() + o * size, high + o * loop.inner, excess + o * loop.inner);
    };
    if (loop.outer >= threads) {
      parallel_parts(loop.outer, threads, [&](std::size_t begin, std::size_t end, std::size_t) {
        for (std::size_t o = begin; o < end; ++o) {
          place(o,
                [&](const T* in, T* m, T* s) { detail::add_exp_columns(in, loop.extent, loop.inner, m, s); });
        }
      });
    } else {
      for (std::size_t o = 0; o < loop.outer; ++o) {
        place(o, [&](const T* in, T* m, T* s) { detail::add_exp_columns_together(in, loop, threads, m, s); });
      }
    }
  }
  map_into(high, high, result.shift.size(), [](auto m) { return detail::where_finite(m); });
  return result;
}

}  // namespace xgrad::kernels
