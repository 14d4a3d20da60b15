#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/parallel.hpp>

#include <algorithm>
#include <cstddef>

/// \file
/// Sums over rows and maps of arrays {rows, channels}, per channel.

namespace xgrad::kernels {

inline constexpr std::size_t normalization_grain = std::size_t{1} << 15;  // entries that are worth a thread

/// Two sums over all rows for each channel c, at c and at channels + c of the result's first row;
/// `add(r, c, first, second)` adds entry (r, c) to them. Blocks of rows are summed in T and the blocks in
/// double, in an order that depends on the number of threads alone.
template <class T, class Add>
Array<double> channel_sums(std::size_t rows, std::size_t channels, const Add& add) {
  constexpr std::size_t block = 64;  // rows whose sums are accurate enough in T
  const std::size_t threads = thread_count(rows, std::max<std::size_t>(1, normalization_grain / channels));
  Array<double> totals(Shape{threads, 2 * channels}, 0.0);
  Array<T> memory(Shape{threads, 2 * channels});
  parallel_parts(rows, threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
    T* first = memory.data() + thread * 2 * channels;
    T* second = first + channels;
    double* total = totals.data() + thread * 2 * channels;
    for (std::size_t r = begin; r < end; r += block) {
      std::fill_n(first, 2 * channels, T(0));
      for (std::size_t row = r; row < std::min(r + block, end); ++row) {
#pragma omp simd
        for (std::size_t c = 0; c < channels; ++c) add(row, c, first[c], second[c]);
      }
      for (std::size_t c = 0; c < 2 * channels; ++c) total[c] += static_cast<double>(first[c]);
    }
  });
  for (std::size_t t = 1; t < threads; ++t) {
    for (std::size_t c = 0; c < 2 * channels; ++c) totals(0, c) += totals(t, c);
  }
  return totals;
}

/// Calls `map(c, i)` for each entry i of channel c.
template <class Map>
void map_channels(std::size_t rows, std::size_t channels, const Map& map) {
  parallel_for(rows, std::max<std::size_t>(1, normalization_grain / channels),
               [&](std::size_t begin, std::size_t end) {
                 const Map own = map;
                 for (std::size_t r = begin; r < end; ++r) {
#pragma omp simd
                   for (std::size_t c = 0; c < channels; ++c) own(c, r * channels + c);
                 }
               });
}

}  // namespace xgrad::kernels
