#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/rows.hpp>

#include <cmath>

/// \file
/// Sums of exponentials along an axis, in one pass over memory.

namespace xgrad::kernels {

/// sum(exp(x - shift)) along an axis, of which extent 1 is kept. The shift is the largest entry where that is
/// finite, else 0.
template <class T>
struct ExpTotals {
  Array<T> shift;
  Array<T> total;
};

namespace detail {

template <class T>
Batch<T> where_finite(Batch<T> x) {
  return xsimd::select(xsimd::abs(x) < Batch<T>(std::numeric_limits<T>::infinity()), x, Batch<T>(T(0)));
}

/// out = shift + log(total)
template <class T>
void log_totals(const T* shift, const T* total, std::size_t count, T* out) {
  auto value = [](auto m, auto s) { return m + xsimd::log(s); };
  map_row(out, count, value, Stream<Step::advance, T>{shift}, Stream<Step::advance, T>{total});
}

/// The sum of exp(x - shift) over a long row; the exponentials are kept in `powers`, another array, unless
/// that is null. By halves, as reduce_row.
template <class T>
T exp_row(const T* in, std::size_t count, T shift, T* powers) {
  constexpr std::size_t width = Batch<T>::size;
  constexpr std::size_t block = 1024;
  if (count > block) {
    const std::size_t half = count / 2 / width * width;
    const T first = exp_row(in, half, shift, powers);
    return first + exp_row(in + half, count - half, shift, powers == nullptr ? nullptr : powers + half);
  }
  const Batch<T> m(shift);
  const auto power_at = [&](std::size_t i) {
    const Batch<T> power = xsimd::exp(Batch<T>::load_unaligned(in + i) - m);
    if (powers != nullptr) power.store_unaligned(powers + i);
    return power;
  };
  std::array<Batch<T>, 2> sums{Batch<T>(T(0)), Batch<T>(T(0))};
  std::size_t i = 0;
  for (; i + 2 * width <= count; i += 2 * width) {
    sums[0] += power_at(i);
    sums[1] += power_at(i + width);
  }
  for (; i + width <= count; i += width) sums[0] += power_at(i);
  // The end of a row overlaps the batch before it; a row is longer than a batch.
  if (i < count) sums[1] += last_lanes(power_at(count - width), count - i, T(0));
  return reduce_lanes(sums[0] + sums[1], Sum<T>{});
}

/// Shifts and totals of a group's rows; the exponentials are kept in `powers` unless that is null.
template <class T>
void exp_totals_of_rows(RowGroup<T>& group, const T* in, T* shift, T* total, T* powers) {
  group.reduce(in, shift, Max<T>{});
  for (std::size_t r = 0; r < group.count(); ++r) shift[r] = std::isfinite(shift[r]) ? shift[r] : T(0);
  if (group.is_long()) {
    *total = exp_row(in, group.length(), *shift, powers);
    return;
  }
  if (powers == nullptr) powers = group.scratch();
  group.template map<1, 1>(powers, {in}, {shift}, [](auto p, auto m) { return xsimd::exp(p - m); });
  group.reduce(powers, total, Sum<T>{});
}

/// The largest entry so far and the sum of exp(x - shift), of several columns.
template <class T>
struct RunningTotal {
  Batch<T> high;
  Batch<T> total;

  void raise(Batch<T> new_high) {
    total *= xsimd::exp(high - where_finite(new_high));  // nothing so far: high is -infinity, the factor 0
    high = new_high;
  }
};

/// Calls `step(i, running)` with batches of the running totals of `count` columns, and stores what they
/// become.
template <class T, class F>
void update_totals(T* high, T* total, std::size_t count, const F& step) {
  constexpr std::size_t width = Batch<T>::size;
  if (count < width) {
    RunningTotal<T> running{Stream<Step::advance, T>{high}.load_first(count),
                            Stream<Step::advance, T>{total}.load_first(count)};
    step([&](const T* x) { return Stream<Step::advance, T>{x}.load_first(count); }, running);
    store_first(high, count, running.high);
    store_first(total, count, running.total);
    return;
  }
  const auto at = [&](std::size_t i) {
    RunningTotal<T> running{Batch<T>::load_unaligned(high + i), Batch<T>::load_unaligned(total + i)};
    step([i](const T* x) { return Batch<T>::load_unaligned(x + i); }, running);
    return running;
  };
  const std::size_t last = count - width;
  const RunningTotal<T> end = at(last);  // overlaps the batch before it, and is read before that is written
  for (std::size_t i = 0; i < last; i += width) {
    const RunningTotal<T> running = at(i);
    running.high.store_unaligned(high + i);
    running.total.store_unaligned(total + i);
  }
  end.high.store_unaligned(high + last);
  end.total.store_unaligned(total + last);
}

/// Adds `rows` rows that are `stride` apart, column by column.
template <class T>
void add_exp_rows(const T* in, std::size_t rows, std::size_t stride, std::size_t length, T* high, T* total) {
  constexpr std::size_t group = 8;    // rows for each change of the shift
  constexpr std::size_t block = 512;  // of columns: they stay in the first-level cache
  if (length == 0) return;
  for (std::size_t j = 0; j < length; j += block) {
    const std::size_t columns = std::min(block, length - j);
    std::size_t r = 0;
    for (; r + group <= rows; r += group) {
      const T* first = in + r * stride + j;
      update_totals(high + j, total + j, columns, [=](const auto& load, RunningTotal<T>& running) {
        std::array<Batch<T>, group> x;
        Batch<T> largest = running.high;
        for (std::size_t k = 0; k < group; ++k) {
          x[k] = load(first + k * stride);
          largest = Max<T>{}(largest, x[k]);
        }
        running.raise(largest);
        const Batch<T> shift = where_finite(largest);
        Batch<T> sum = xsimd::exp(x[0] - shift);
        for (std::size_t k = 1; k < group; ++k) sum += xsimd::exp(x[k] - shift);
        running.total += sum;
      });
    }
    for (; r < rows; ++r) {
      update_totals(high + j, total + j, columns,
                    [row = in + r * stride + j](const auto& load, auto& running) {
                      const Batch<T> x = load(row);
                      running.raise(Max<T>{}(running.high, x));
                      running.total += xsimd::exp(x - where_finite(running.high));
                    });
    }
  }
}

/// Adds the totals of other rows of the same columns.
template <class T>
void merge_totals(const T* other_high, const T* other_total, std::size_t count, T* high, T* total) {
  update_totals(high, total, count, [=](const auto& load, RunningTotal<T>& running) {
    RunningTotal<T> other{load(other_high), load(other_total)};
    const Batch<T> largest = Max<T>{}(running.high, other.high);
    running.raise(largest);
    other.raise(largest);
    running.total += other.total;
  });
}

/// The same as add_exp_rows for contiguous rows; short ones are joined to longer ones first.
template <class T>
void add_exp_columns(const T* in, std::size_t rows, std::size_t length, T* high, T* total) {
  constexpr std::size_t width = Batch<T>::size;
  const std::size_t joined =
      length > short_row ? 0 : std::min(joined_rows<T>(length), rows / (4 * width) * width);
  if (joined == 0) {
    add_exp_rows(in, rows, length, length, high, total);
    return;
  }
  alignas(64) T highs[joined_entries<T>];
  alignas(64) T totals[joined_entries<T>];
  const std::size_t period = joined * length;
  std::fill_n(highs, period, Max<T>{}.initial);
  std::fill_n(totals, period, T(0));
  add_exp_rows(in, rows / joined, period, period, highs, totals);
  add_exp_rows(in + rows / joined * period, 1, period, rows % joined * length, highs, totals);
  for (std::size_t r = 0; r < joined; ++r)
    merge_totals(highs + r * length, totals + r * length, length, high, total);
}

/// One block of columns, shared by all threads.
template <class T>
void add_exp_columns_together(const T* in, const AxisLoop& loop, std::size_t threads, T* high, T* total) {
  if (loop.extent < 64 * threads) {
    parallel_parts(loop.inner, threads, [&](std::size_t begin, std::size_t end, std::size_t) {
      add_exp_rows(in + begin, loop.extent, loop.inner, end - begin, high + begin, total + begin);
    });
    return;
  }
  Array<T> highs = full<T>({threads, loop.inner}, Max<T>{}.initial);
  Array<T> totals = full<T>({threads, loop.inner}, T(0));
  parallel_parts(loop.extent, threads, [&](std::size_t begin, std::size_t end, std::size_t t) {
    add_exp_columns(in + begin * loop.inner, end - begin, loop.inner, highs.data() + t * loop.inner,
                    totals.data() + t * loop.inner);
  });
  for (std::size_t t = 0; t < threads; ++t) {
    merge_totals(highs.data() + t * loop.inner, totals.data() + t * loop.inner, loop.inner, high, total);
  }
}

}  // namespace detail

template <class T>
ExpTotals<T> exp_totals(const Array<T>& x, const AxisLoop& loop) {
  ExpTotals<T> result{full<T>(loop.kept, Max<T>{}.initial), full<T>(loop.kept, T(0))};
  T* high = result.shift.data();
  T* total = result.total.data();
  if (loop.has_rows()) {
    for_row_groups<T>(loop.outer, loop.extent, [&](RowGroup<T>& group) {
      detail::exp_totals_of_rows(group, x.data() + group.offset(), high + group.first(),
                                 total + group.first(), static_cast<T*>(nullptr));
    });
  } else if (x.size() > 0) {
    const std::size_t threads = thread_count(x.size(), elementwise_grain);
    const std::size_t size = loop.extent * loop.inner;
    const auto place = [&](std::size_t o, auto&& add) {
      add(x.data() + o * size, high + o * loop.inner, total + o * loop.inner);
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
