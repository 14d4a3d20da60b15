#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/rows.hpp>

/// \file
/// Sums of squared deviations from a given mean, without cancellation.

namespace xgrad::kernels {

struct SquaredDifference {
  template <class V>
  V operator()(V a, V b) const {
    return (a - b) * (a - b);
  }
};

namespace detail {

/// out[j] += the sum of (in[j] - mean[j])^2 over rows of `columns` entries. Blocks of a few rows are summed
/// first, so that rounding errors stay small.
template <class T>
void add_squared_deviations(const T* in, const T* mean, std::size_t rows, std::size_t columns, T* out) {
  constexpr std::size_t block = 64;
  constexpr std::size_t widest = 512;
  for (std::size_t first = 0; first < columns; first += widest) {
    const std::size_t count = std::min(widest, columns - first);
    const T* m = mean + first;
    for (std::size_t r = 0; r < rows; r += block) {
      alignas(64) T sums[widest] = {};
      const std::size_t end = std::min(rows, r + block);
      std::size_t k = r;
      for (; k + 4 <= end; k += 4) {
        const T* row = in + k * columns + first;
#pragma omp simd
        for (std::size_t j = 0; j < count; ++j) {
          const T a = row[j] - m[j];
          const T b = row[columns + j] - m[j];
          const T c = row[2 * columns + j] - m[j];
          const T d = row[3 * columns + j] - m[j];
          sums[j] += (a * a + b * b) + (c * c + d * d);
        }
      }
      for (; k < end; ++k) {
        const T* row = in + k * columns + first;
        for (std::size_t j = 0; j < count; ++j) sums[j] += SquaredDifference{}(row[j], m[j]);
      }
      for (std::size_t j = 0; j < count; ++j) out[first + j] += sums[j];
    }
  }
}

}  // namespace detail

/// The sums of (x - mean)^2 along the loop's axis; `mean` and the result have the loop's kept shape.
template <class T>
Array<T> squared_deviations(const Array<T>& x, const Array<T>& mean, const AxisLoop& loop) {
  Array<T> result = full<T>(loop.kept, T(0));
  if (x.size() == 0) return result;
  if (loop.has_rows()) {
    for_row_groups<T>(loop.outer, loop.extent, [&](RowGroup<T>& group) {
      const T* in = x.data() + group.offset();
      const T* m = mean.data() + group.first();
      T* out = result.data() + group.first();
      if (group.is_long()) {
        *out =
            detail::reduce_row(EntriesWithNumber<T, SquaredDifference>{in, *m, {}}, group.length(), Sum<T>{});
        return;
      }
      group.template map<1, 1>(group.scratch(), {in}, {m}, SquaredDifference{});
      group.reduce(group.scratch(), out, Sum<T>{});
    });
    return result;
  }
  // If there are fewer blocks of columns than threads, the threads divide the rows of each block.
  const std::size_t threads = thread_count(x.size(), elementwise_grain);
  const std::size_t parts = loop.outer >= threads ? 1 : std::min(threads, loop.extent);
  Array<T> sums = full<T>({parts, result.size()}, T(0));
  parallel_parts(parts * loop.outer, std::min(threads, parts * loop.outer),
                 [&](std::size_t begin, std::size_t end, std::size_t) {
                   for (std::size_t item = begin; item < end; ++item) {
                     const std::size_t o = item / parts;
                     const std::size_t p = item % parts;
                     const std::size_t first = loop.extent * p / parts;
                     const std::size_t last = loop.extent * (p + 1) / parts;
                     detail::add_squared_deviations(x.data() + (o * loop.extent + first) * loop.inner,
                                                    mean.data() + o * loop.inner, last - first, loop.inner,
                                                    sums.data() + p * result.size() + o * loop.inner);
                   }
                 });
  detail::add_rows(Entries<T>{sums.data()}, parts, result.size(), result.size(), result.data(), Sum<T>{});
  return result;
}

}  // namespace xgrad::kernels
