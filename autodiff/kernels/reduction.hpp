#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/kernels/transpose.hpp>

#include <limits>
#include <numeric>
#include <vector>

/// \file
/// Reductions of an array over some of its axes.

namespace xgrad::kernels {

/// The axes of a reduction, outermost first; adjacent axes of the same kind are merged.
struct ReductionLoop {
  struct Axis {
    std::size_t extent;
    bool reduced;
    std::size_t in_stride = 0;
    std::size_t out_stride = 0;
  };
  xt::svector<Axis, 4> axes;
  std::size_t out_size = 1;

  ReductionLoop(const Shape& shape, const std::vector<bool>& reduced) {
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (!reduced[i]) out_size *= shape[i];
      if (shape[i] == 1) continue;
      if (!axes.empty() && axes.back().reduced == reduced[i]) {
        axes.back().extent *= shape[i];
      } else {
        axes.push_back({shape[i], reduced[i]});
      }
    }
    if (axes.empty()) axes.push_back({1, false});
    std::size_t in_stride = 1;
    std::size_t out_stride = 1;
    for (std::size_t i = axes.size(); i-- > 0;) {
      axes[i].in_stride = in_stride;
      axes[i].out_stride = axes[i].reduced ? 0 : out_stride;
      in_stride *= axes[i].extent;
      if (!axes[i].reduced) out_stride *= axes[i].extent;
    }
  }

  /// The number of results over the axes inside the axis at `level`.
  std::size_t results_inside(std::size_t level) const {
    std::size_t count = 1;
    for (std::size_t i = level + 1; i < axes.size(); ++i) count *= axes[i].reduced ? 1 : axes[i].extent;
    return count;
  }
};

/// Input of a reduction: the entries of an array.
template <class T>
struct Entries {
  using value_type = T;
  const T* data;

  T number(std::size_t i) const { return data[i]; }
  Batch<T> batch(std::size_t i) const { return Batch<T>::load_unaligned(data + i); }
  Entries at(std::size_t offset) const { return {data + offset}; }
};

/// Input of a reduction: f of the entries of an array.
template <class T, class F>
struct MappedEntries {
  using value_type = T;
  const T* data;
  F f;

  T number(std::size_t i) const { return f(data[i]); }
  Batch<T> batch(std::size_t i) const { return f(Batch<T>::load_unaligned(data + i)); }
  MappedEntries at(std::size_t offset) const { return {data + offset, f}; }
};

/// Input of a reduction: f of corresponding entries of two arrays of equal shape.
template <class T, class F>
struct PairEntries {
  using value_type = T;
  const T* a;
  const T* b;
  F f;

  T number(std::size_t i) const { return f(a[i], b[i]); }
  Batch<T> batch(std::size_t i) const {
    return f(Batch<T>::load_unaligned(a + i), Batch<T>::load_unaligned(b + i));
  }
  PairEntries at(std::size_t offset) const { return {a + offset, b + offset, f}; }
};

/// Input of a reduction: f of the entries of an array and one number.
template <class T, class F>
struct EntriesWithNumber {
  using value_type = T;
  const T* data;
  T other;
  F f;

  T number(std::size_t i) const { return f(data[i], other); }
  Batch<T> batch(std::size_t i) const { return f(Batch<T>::load_unaligned(data + i), Batch<T>(other)); }
  EntriesWithNumber at(std::size_t offset) const { return {data + offset, other, f}; }
};

namespace detail {

/// The pairwise reduction of the lanes of a batch.
template <std::size_t half, class T, class Op, std::size_t... i>
T reduce_lanes(Batch<T> batch, Op op, std::index_sequence<i...> lanes) {
  using Register = typename Batch<T>::register_type;
  const Register all = batch;
  if constexpr (half == 0) {
    return all[0];
  } else {
    const Register other = __builtin_shufflevector(all, all, ((i + half) % sizeof...(i))...);
    return reduce_lanes<half / 2, T>(op(batch, Batch<T>(other)), op, lanes);
  }
}
template <class T, class Op>
T reduce_lanes(Batch<T> batch, Op op) {
  constexpr std::size_t width = Batch<T>::size;
  return reduce_lanes<width / 2, T>(batch, op, std::make_index_sequence<width>());
}

/// The last `count` lanes of a batch, the others set to `rest`.
template <class T>
Batch<T> last_lanes(Batch<T> batch, std::size_t count, T rest) {
  constexpr std::size_t width = Batch<T>::size;
  static constexpr auto numbers = [] {
    std::array<T, width> result{};
    for (std::size_t i = 0; i < width; ++i) result[i] = static_cast<T>(i);
    return result;
  }();
  const Batch<T> number = Batch<T>::load_unaligned(numbers.data());
  return xsimd::select(number < Batch<T>(static_cast<T>(width - count)), Batch<T>(rest), batch);
}

/// The pairwise reduction of one contiguous row: rounding errors grow with the logarithm of its length only.
template <class Source, class Op, class T = typename Source::value_type>
T reduce_row(const Source& in, std::size_t count, Op op) {
  constexpr std::size_t width = Batch<T>::size;
  constexpr std::size_t block = Op::block;
  if (count > block) {
    const std::size_t half = (count / 2 + block - 1) / block * block;
    return op(reduce_row(in, half, op), reduce_row(in.at(half), count - half, op));
  }
  if (count < 4 * width) {
    T result = op.initial;
    for (std::size_t i = 0; i < count; ++i) result = op(result, in.number(i));
    return result;
  }
  using Lanes = typename Op::Lanes;
  std::array<Lanes, 4> lanes{Lanes(in.batch(0)), Lanes(in.batch(width)), Lanes(in.batch(2 * width)),
                             Lanes(in.batch(3 * width))};
  std::size_t i = 4 * width;
  for (; i + 4 * width <= count; i += 4 * width) {
    for (std::size_t k = 0; k < 4; ++k) lanes[k].add(in.batch(i + k * width));
  }
  for (; i + width <= count; i += width) lanes[0].add(in.batch(i));
  if (i < count) lanes[1].add(last_lanes(in.batch(count - width), count - i, op.initial));
  return reduce_lanes(op(op(lanes[0].result(), lanes[1].result()), op(lanes[2].result(), lanes[3].result())),
                      op);
}

/// The reductions of as many rows as a batch has lanes, one per lane. May read up to one batch past the last
/// row.
template <class Source, class Op, class T = typename Source::value_type>
Batch<T> reduce_tiles(const Source& in, std::size_t length, Op op) {
  constexpr std::size_t width = Batch<T>::size;
  Batch<T> result(op.initial);
  for (std::size_t first = 0; first < length; first += width) {
    Tile<T> tile;
#pragma GCC unroll 16
    for (std::size_t r = 0; r < width; ++r) tile[r] = in.batch(r * length + first);
    transpose<T>(tile);
    for (std::size_t k = 0; k < std::min(width, length - first); ++k) result = op(result, tile[k]);
  }
  return result;
}

/// out[r] = op(out[r], the reduction of row r).
template <class Source, class Op, class T = typename Source::value_type>
void reduce_rows(const Source& in, std::size_t rows, std::size_t length, T* out, Op op) {
  constexpr std::size_t width = Batch<T>::size;
  std::size_t r = 0;
  if (length < 4 * width) {
    // Short rows are reduced side by side, except the last ones, after which there may be no memory to read.
    for (; (rows - r) * length >= width * length + width && r + width <= rows; r += width) {
      const Batch<T> result = reduce_tiles(in.at(r * length), length, op);
      op(Batch<T>::load_unaligned(out + r), result).store_unaligned(out + r);
    }
  }
  for (; r < rows; ++r) out[r] = op(out[r], reduce_row(in.at(r * length), length, op));
}

/// out[j] = op(out[j], the reduction of `group` rows at column j), for columns [0, length).
template <std::size_t group, class Source, class Op, class T = typename Source::value_type>
void add_row_group(const Source& in, std::size_t stride, std::size_t length, T* out, Op op) {
  constexpr std::size_t width = Batch<T>::size;
  const auto by_halves = [&](auto entry) {
    std::array<decltype(entry(std::size_t{0})), group> values;
    for (std::size_t r = 0; r < group; ++r) values[r] = entry(r * stride);
    for (std::size_t half = group / 2; half > 0; half /= 2) {
      for (std::size_t r = 0; r < half; ++r) values[r] = op(values[r], values[r + half]);
    }
    return values[0];
  };
  std::size_t j = 0;
  for (; j + width <= length; j += width) {
    const Batch<T> values = by_halves([&](std::size_t offset) { return in.batch(offset + j); });
    op(Batch<T>::load_unaligned(out + j), values).store_unaligned(out + j);
  }
  for (; j < length; ++j) {
    out[j] = op(out[j], by_halves([&](std::size_t offset) { return in.number(offset + j); }));
  }
}

/// The largest number of columns whose results stay in the L1 cache.
inline constexpr std::size_t column_block = 2048;

/// Reduces the steps [begin, end) into `out` by calls of `add(begin, end, out)`; more than `most` steps are
/// combined pairwise, so that rounding errors grow with the logarithm of their number only.
template <class T, class Op, class Add>
void add_by_halves(std::size_t begin, std::size_t end, std::size_t most, std::size_t columns, T* out, Op op,
                   const Add& add) {
  if (end - begin <= most) return add(begin, end, out);
  const std::size_t middle = begin + (end - begin) / 2 / 8 * 8;
  alignas(64) T second[column_block];
  std::fill_n(second, columns, op.initial);
  add_by_halves(begin, middle, most, columns, out, op, add);
  add_by_halves(middle, end, most, columns, second, op, add);
  for (std::size_t j = 0; j < columns; ++j) out[j] = op(out[j], second[j]);
}

/// out[j] = op(out[j], the reduction of column j), for rows that are `stride` apart.
template <class Source, class Op, class T = typename Source::value_type>
void add_rows(const Source& in, std::size_t rows, std::size_t stride, std::size_t length, T* out, Op op) {
  constexpr std::size_t group = 8;
  for (std::size_t j = 0; j < length; j += column_block) {
    const std::size_t columns = std::min(column_block, length - j);
    add_by_halves(0, rows, 1024, columns, out + j, op, [&](std::size_t r, std::size_t end, T* to) {
      for (; r + group <= end; r += group)
        add_row_group<group>(in.at(r * stride + j), stride, columns, to, op);
      for (; r < end; ++r) add_row_group<1>(in.at(r * stride + j), stride, columns, to, op);
    });
  }
}

/// The same for contiguous rows; short ones are joined to longer ones first.
template <class Source, class Op, class T = typename Source::value_type>
void reduce_columns(const Source& in, std::size_t rows, std::size_t length, T* out, Op op) {
  // Few rows that make whole batches, so that memory is read nearly in order.
  constexpr std::size_t width = Batch<T>::size;
  const std::size_t whole = width / std::gcd(length, width);
  const std::size_t joined = whole * std::max<std::size_t>(1, short_row / (whole * length));
  if (length > short_row || rows < 2 * joined) {
    add_rows(in, rows, length, length, out, op);
    return;
  }
  alignas(64) T results[joined_entries<T>];
  const std::size_t period = joined * length;
  std::fill_n(results, period, op.initial);
  add_rows(in, rows / joined, period, period, results, op);
  add_rows(in.at(rows / joined * period), 1, period, rows % joined * length, results, op);
  add_rows(Entries<T>{results}, joined, length, length, out, op);
}

template <class Source, class Op, class T = typename Source::value_type>
void reduce_from(const ReductionLoop& loop, std::size_t level, const Source& in, T* out, Op op) {
  const ReductionLoop::Axis& axis = loop.axes[level];
  const std::size_t inside = loop.axes.size() - level - 1;
  if (inside == 0 && axis.reduced) {
    *out = op(*out, reduce_row(in, axis.extent, op));
  } else if (inside == 0) {
    add_rows(in, 1, axis.extent, axis.extent, out, op);
  } else if (inside == 1 && axis.reduced) {
    reduce_columns(in, axis.extent, axis.in_stride, out, op);
  } else if (inside == 1) {
    reduce_rows(in, axis.extent, axis.in_stride, out, op);
  } else {
    const auto add = [&](std::size_t begin, std::size_t end, T* to) {
      for (std::size_t i = begin; i < end; ++i) {
        reduce_from(loop, level + 1, in.at(i * axis.in_stride), to + i * axis.out_stride, op);
      }
    };
    const std::size_t columns = axis.reduced ? loop.results_inside(level) : 0;
    if (axis.reduced && columns <= column_block) {
      add_by_halves(0, axis.extent, 64, columns, out, op, add);
    } else {
      add(0, axis.extent, out);
    }
  }
}

}  // namespace detail

/// Reduces the input `in`, of shape `shape`, over the axes marked in `reduced`; `out_shape` is the shape of
/// the result. `op` combines two numbers or two batches; `op.initial` is its neutral element.
template <class Source, class Op, class T = typename Source::value_type>
Array<T> reduce(const Source& in, const Shape& shape, const std::vector<bool>& reduced,
                const Shape& out_shape, Op op) {
  Array<T> result = full<T>(out_shape, op.initial);
  const std::size_t size = element_count(shape);
  if (size == 0) return result;
  const ReductionLoop loop(shape, reduced);
  const ReductionLoop::Axis outermost = loop.axes.front();
  const std::size_t threads = thread_count(size, elementwise_grain);
  if (threads == 1) {
    detail::reduce_from(loop, 0, in, result.data(), op);
    return result;
  }
  if (outermost.reduced && loop.axes.size() == 2 && loop.out_size > size / 64 / threads) {
    parallel_parts(loop.out_size, threads, [&](std::size_t begin, std::size_t end, std::size_t) {
      detail::add_rows(in.at(begin), outermost.extent, outermost.in_stride, end - begin,
                       result.data() + begin, op);
    });
    return result;
  }
  std::vector<ReductionLoop, PoolAllocator<ReductionLoop>> shares(threads, loop);
  const auto part = [&](std::size_t begin, std::size_t end, std::size_t thread, T* out) {
    ReductionLoop& share = shares[thread];
    share.axes.front().extent = end - begin;
    detail::reduce_from(share, 0, in.at(begin * outermost.in_stride), out + begin * outermost.out_stride, op);
  };
  if (!outermost.reduced) {
    parallel_parts(
        outermost.extent, std::min(threads, outermost.extent),
        [&](std::size_t begin, std::size_t end, std::size_t t) { part(begin, end, t, result.data()); });
    return result;
  }
  // All threads contribute to all results: each reduces its part separately, and the parts are combined in
  // order.
  Array<T> parts = full<T>({threads, loop.out_size}, op.initial);
  parallel_parts(outermost.extent, std::min(threads, outermost.extent),
                 [&](std::size_t begin, std::size_t end, std::size_t t) {
                   part(begin, end, t, parts.data() + t * loop.out_size);
                 });
  detail::add_rows(Entries<T>{parts.data()}, threads, loop.out_size, loop.out_size, result.data(), op);
  return result;
}

/// The same for the entries of an array.
template <class T, class Op>
Array<T> reduce(const Array<T>& in, const std::vector<bool>& reduced, const Shape& out_shape, Op op) {
  return reduce(Entries<T>{in.data()}, in.shape(), reduced, out_shape, op);
}

namespace detail {

/// The reduction of many batches to one, by combining each with the result so far.
template <class T, class Op>
class PlainLanes {
 public:
  explicit PlainLanes(Batch<T> first) : all_(first) {}
  void add(Batch<T> next) { all_ = Op{}(all_, next); }
  Batch<T> result() const { return all_; }

 private:
  Batch<T> all_;
};

}  // namespace detail

template <class T>
struct Sum {
  using Lanes = detail::PlainLanes<T, Sum>;
  static constexpr std::size_t block = 1024;  // the longest row that is not halved
  T initial = T(0);
  template <class V>
  V operator()(V a, V b) const {
    return a + b;
  }
};

/// The larger or the smaller of two; NaN if either is NaN.
template <class T, bool largest>
struct Extreme {
  static constexpr bool is_largest = largest;
  static constexpr std::size_t block = 1 << 14;
  T initial = (largest ? -1 : 1) * std::numeric_limits<T>::infinity();
  template <class V>
  V operator()(V a, V b) const {
    const auto wins = largest ? a > b : a < b;
    if constexpr (std::is_arithmetic_v<V>) {
      return wins || a != a ? a : b;
    } else {
      return xsimd::select(wins | xsimd::isnan(a), a, b);
    }
  }

  /// The reduction of many batches to one. NaN is tracked separately from the extreme, so that the next batch
  /// need not wait for a comparison: as integers, the bits of a NaN are larger than those of infinity.
  class Lanes {
   public:
    explicit Lanes(Batch<T> first) : extreme_(first), bits_(bits(first)) {}
    void add(Batch<T> next) {
      extreme_ = largest ? xsimd::max(extreme_, next) : xsimd::min(extreme_, next);
      bits_ = xsimd::max(bits_, bits(next));
    }
    Batch<T> result() const {
      const Batch<T> widest = bitwise_cast<T>(bits_);
      return xsimd::select(xsimd::isnan(widest), widest, extreme_);
    }

   private:
    using Integer = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    using Integers = xsimd::batch<Integer>;
    static Integers bits(Batch<T> x) { return bitwise_cast<Integer>(xsimd::abs(x)); }
    Batch<T> extreme_;
    Integers bits_;
  };
};

template <class T>
using Max = Extreme<T, true>;
template <class T>
using Min = Extreme<T, false>;

/// 1 where two are equal, else 0.
struct IsEqual {
  template <class V>
  V operator()(V a, V b) const {
    if constexpr (std::is_arithmetic_v<V>) {
      return a == b ? V(1) : V(0);
    } else {
      using T = typename V::value_type;
      return xsimd::select(a == b, V(T(1)), V(T(0)));
    }
  }
};

}  // namespace xgrad::kernels
