#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/rows.hpp>
#include <autodiff/kernels/strided.hpp>

#include <cstdint>

/// \file
/// Indices of the largest or smallest entries along an axis: the first among equal entries, the first NaN if
/// there is one.

namespace xgrad::kernels {

namespace detail {

/// The index of the first occurrence of the row's extreme. Blocks are reduced with vectors, and only the
/// block that has the extreme is searched.
template <class T, class Op>
std::int64_t arg_extreme_of_row(const T* in, std::size_t length, Op op) {
  constexpr std::size_t block = 4096;
  const auto beats = [op](T a, T b) { return b == b && !(op(b, a) == b); };
  std::size_t best = 0;
  T extreme = op.initial;
  for (std::size_t i = 0; i < length; i += block) {
    const T candidate = reduce_row(Entries<T>{in + i}, std::min(block, length - i), op);
    if (i == 0 || beats(candidate, extreme)) {
      extreme = candidate;
      best = i;
    }
  }
  const T* end = in + std::min(best + block, length);
  const T* found = extreme == extreme ? std::find(in + best, end, extreme)
                                      : std::find_if(in + best, end, [](T x) { return x != x; });
  return found - in;
}

inline constexpr std::size_t arg_columns = 256;  // at a time; they stay in the L1 cache

/// The same for each column of rows that are `stride` apart. The loop vectorises best if Index is as wide as
/// T.
template <class Index, class Op, class T>
void arg_extreme_of_columns(const T* in, std::size_t extent, std::size_t stride, std::size_t count,
                            std::int64_t* out) {
  alignas(64) T extreme[arg_columns];
  alignas(64) Index place[arg_columns];
  std::copy_n(in, count, extreme);
  std::fill_n(place, count, Index(0));
  for (std::size_t k = 1; k < extent; ++k) {
    const T* row = in + k * stride;
    const auto index = static_cast<Index>(k);
#pragma omp simd
    for (std::size_t j = 0; j < count; ++j) {
      const T x = row[j];
      const T best = extreme[j];
      const bool better = (Op::is_largest ? x > best : x < best) | (x != x);
      const bool wins = better & (best == best);
      extreme[j] = wins ? x : best;
      place[j] = wins ? index : place[j];
    }
  }
  std::copy_n(place, count, out);
}

}  // namespace detail

/// The indices along the loop's axis, which must not be empty, of the extremes that Op selects. `shape` is
/// the shape of the result, with one element per outer and inner index.
template <class Op, class T>
Array<std::int64_t> arg_extreme(const Array<T>& x, const AxisLoop& loop, const Shape& shape) {
  // Short rows or few columns do not fill vectors; the transposed array does.
  constexpr std::size_t few = 64;
  if (loop.inner == 1 && loop.extent < few && loop.outer > few) {
    return arg_extreme<Op>(exchange_axes(x, 1, loop.outer, loop.extent),
                           AxisLoop(Shape{loop.extent, loop.outer}, 0), shape);
  }
  if (loop.inner > 1 && loop.inner < few && loop.extent >= few) {
    return arg_extreme<Op>(exchange_axes(x, loop.outer, loop.extent, loop.inner),
                           AxisLoop(Shape{loop.outer * loop.inner, loop.extent}, 1), shape);
  }
  Array<std::int64_t> result(shape);
  const T* in = x.data();
  std::int64_t* out = result.data();
  const std::size_t threads = thread_count(x.size(), elementwise_grain);
  if (loop.inner == 1) {
    parallel_parts(loop.outer, std::min(threads, loop.outer),
                   [&](std::size_t begin, std::size_t end, std::size_t) {
                     for (std::size_t o = begin; o < end; ++o) {
                       out[o] = detail::arg_extreme_of_row(in + o * loop.extent, loop.extent, Op{});
                     }
                   });
    return result;
  }
  const bool narrow = std::is_same_v<T, float> && loop.extent <= std::numeric_limits<std::int32_t>::max();
  const auto find = narrow ? &detail::arg_extreme_of_columns<std::int32_t, Op, T>
                           : &detail::arg_extreme_of_columns<std::int64_t, Op, T>;
  const std::size_t parts = (loop.inner + detail::arg_columns - 1) / detail::arg_columns;
  const std::size_t items = loop.outer * parts;
  parallel_parts(items, std::min(threads, items), [&](std::size_t begin, std::size_t end, std::size_t) {
    for (std::size_t item = begin; item < end; ++item) {
      const std::size_t o = item / parts;
      const std::size_t j = item % parts * detail::arg_columns;
      find(in + o * loop.extent * loop.inner + j, loop.extent, loop.inner,
           std::min(detail::arg_columns, loop.inner - j), out + o * loop.inner + j);
    }
  });
  return result;
}

}  // namespace xgrad::kernels
