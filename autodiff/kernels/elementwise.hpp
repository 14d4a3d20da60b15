#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/batch.hpp>
#include <autodiff/kernels/broadcast.hpp>
#include <autodiff/kernels/parallel.hpp>

#include <array>

/// \file
/// Loops that apply one function to every entry of one or more arrays. The function is called with xsimd
/// batches even for the last few entries, so that an entry's result does not depend on its position.

namespace xgrad::kernels {

namespace detail {

/// How an operand is read along a row: entry by entry, or one entry for the whole row.
enum class Step : bool { repeat, advance };

/// Loads the first `count` entries of an operand, fewer than a batch; the other lanes repeat the first entry.
template <class T>
Batch<T> load_first(const T* data, std::size_t step, std::size_t count) {
  if (step == 0 || count == 1) return Batch<T>(*data);
  alignas(64) T buffer[Batch<T>::size];
  Batch<T>(*data).store_aligned(buffer);
  std::copy_n(data, count, buffer);
  return Batch<T>::load_aligned(buffer);
}

/// An operand along a row.
template <Step step, class T>
struct Stream {
  const T* data;

  Batch<T> load(std::size_t i) const {
    if constexpr (step == Step::advance) {
      return Batch<T>::load_unaligned(data + i);
    } else {
      return Batch<T>(*data);
    }
  }

  /// Loads the first `count` entries, fewer than a batch.
  Batch<T> load_first(std::size_t count) const {
    return detail::load_first(data, step == Step::advance ? 1 : 0, count);
  }
};

template <class T>
void store_first(T* out, std::size_t count, Batch<T> value) {
  alignas(64) T buffer[Batch<T>::size];
  value.store_aligned(buffer);
  *out = buffer[0];
  if (count > 1) std::copy_n(buffer + 1, count - 1, out + 1);
}

/// out[i] = f(in[i]...); `out` may be one of the operands. The streams are passed by value so that their
/// pointers stay in registers.
template <class T, class F, class... S>
void map_row(T* out, std::size_t count, F& f, S... in) {
  constexpr std::size_t width = Batch<T>::size;
  if (count < width) {
    if (count > 0) store_first(out, count, f(in.load_first(count)...));
    return;
  }
  // The last batch overlaps the one before it and must be read before that one is written.
  const std::size_t last = count - width;
  const Batch<T> end = f(in.load(last)...);
  for (std::size_t i = 0; i < last; i += width) f(in.load(i)...).store_unaligned(out + i);
  end.store_unaligned(out + last);
}

/// Operands along a row, each of which advances by its step, 0 or 1.
template <class T, std::size_t N>
struct Operands {
  std::array<const T*, N> data;
  std::array<std::size_t, N> step;

  /// Operands that all advance.
  static Operands of(const std::array<const T*, N>& data) {
    Operands result{data, {}};
    result.step.fill(1);
    return result;
  }
};

/// A function of N operands applied along rows. Its loop is compiled once for all ways in which operands
/// broadcast: one loop for each way took most of the library's compile time and ran no faster.
template <class T, std::size_t N>
class RowFunction {
 public:
  /// Keeps a reference to f.
  template <class F>
  explicit RowFunction(F& f) : function_(&f), apply_(&apply<F>) {}

  /// out[i] = f(in[i]...); `out` may be one of the operands.
  void operator()(T* out, std::size_t count, const Operands<T, N>& in) const {
    apply_(function_, out, count, in);
  }

 private:
  template <class F>
  static void apply(void* function, T* out, std::size_t count, const Operands<T, N>& in) {
    F& f = *static_cast<F*>(function);
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      constexpr std::size_t width = Batch<T>::size;
      if (count < width) {
        if (count > 0) store_first(out, count, f(load_first(in.data[k], in.step[k], count)...));
        return;
      }
      // An operand that does not advance is replaced by a batch filled with its value.
      alignas(64) T repeated[N][width];
      std::array<const T*, N> from = in.data;
      const auto repeat = [&](std::size_t operand) {
        if (in.step[operand] != 0) return;
        Batch<T>(*from[operand]).store_aligned(repeated[operand]);
        from[operand] = repeated[operand];
      };
      (repeat(k), ...);
      // The last batch overlaps the one before it and must be read before that one is written.
      const std::size_t last = count - width;
      const Batch<T> end = f(Batch<T>::load_unaligned(from[k] + last * in.step[k])...);
      const std::array<std::size_t, N> advance{width * in.step[k]...};
      for (std::size_t i = 0; i < last; i += width) {
        f(Batch<T>::load_unaligned(from[k])...).store_unaligned(out + i);
        ((from[k] += advance[k]), ...);
      }
      end.store_unaligned(out + last);
    }(std::make_index_sequence<N>());
  }

  void* function_;
  void (*apply_)(void* function, T* out, std::size_t count, const Operands<T, N>& in);
};

/// Applies f to operands that are broadcast along short rows; the rows are joined to longer ones first.
template <class T, std::size_t N>
void map_short_rows(T* out, const BroadcastLoop<N>& loop, const std::array<const T*, N>& in,
                    const RowFunction<T, N>& f) {
  const auto& next = loop.outer.back();
  const std::size_t together = joined_rows<T>(loop.inner);
  parallel_for(loop.rows, elementwise_grain / loop.inner + 1, [&](std::size_t begin, std::size_t end) {
    std::array<JoinedRows<T>, N> joined;
    auto operands = Operands<T, N>::of(in);
    for (std::size_t row = begin; row < end;) {
      const std::size_t run = std::min(end - row, next.extent - row % next.extent);
      const std::array<std::size_t, N> offsets = loop.offsets(row);
      for (std::size_t r = 0; r < run; r += together) {
        const std::size_t count = std::min(together, run - r);
        for (std::size_t k = 0; k < N; ++k) {
          operands.data[k] = joined[k].get(in[k] + offsets[k] + r * next.strides[k], count, loop.inner,
                                           loop.step[k], next.strides[k]);
        }
        f(out + (row + r) * loop.inner, count * loop.inner, operands);
      }
      row += run;
    }
  });
}

/// Applies f to arrays that broadcast to `shape`.
template <class T, std::size_t N>
void map_broadcast(T* out, const Shape& shape, const RowFunction<T, N>& f,
                   const std::array<const Shape*, N>& shapes, const std::array<const T*, N>& in) {
  if (element_count(shape) == 0) return;
  const BroadcastLoop<N> loop(shape, shapes);
  if (loop.inner <= short_row && loop.rows > 1) {
    map_short_rows(out, loop, in, f);
    return;
  }
  parallel_rows(loop, [&](std::size_t row, std::size_t begin, std::size_t end,
                          const std::array<std::size_t, N>& offsets) {
    Operands<T, N> operands{in, loop.step};
    for (std::size_t k = 0; k < N; ++k) operands.data[k] += offsets[k] + begin * loop.step[k];
    f(out + row * loop.inner + begin, end - begin, operands);
  });
}

/// Applies f to arrays of equal size.
template <class T, std::size_t N>
void map_same_shape(T* out, std::size_t count, const RowFunction<T, N>& f, Operands<T, N> in) {
  if (count <= elementwise_grain) {
    f(out, count, in);
    return;
  }
  parallel_for(count, elementwise_grain, [&](std::size_t begin, std::size_t end) {
    Operands<T, N> part = in;
    for (const T*& data : part.data) data += begin;
    f(out + begin, end - begin, part);
  });
}

}  // namespace detail

/// out[i] = f(a[i]); `out` may be `a`.
template <class T, class F>
void map_into(T* out, const T* a, std::size_t count, F f) {
  detail::map_same_shape<T, 1>(out, count, detail::RowFunction<T, 1>(f), detail::Operands<T, 1>::of({a}));
}

/// f applied to every entry.
template <class T, class F>
Array<T> map(const Array<T>& a, F f) {
  Array<T> result(a.shape());
  map_into(result.data(), a.data(), a.size(), f);
  return result;
}

/// out = f applied to corresponding entries of arrays that broadcast to `shape`. `out` may be an operand of
/// that shape.
template <class T, class F, class... A>
void map_all_into(T* out, const Shape& shape, F f, const Array<T>& first, const A&... others) {
  constexpr std::size_t operands = 1 + sizeof...(A);
  const detail::RowFunction<T, operands> along_row(f);
  const std::array<const T*, operands> in{first.data(), others.data()...};
  if (first.shape() == shape && ((others.shape() == shape) && ...)) {
    detail::map_same_shape(out, first.size(), along_row, detail::Operands<T, operands>::of(in));
  } else {
    detail::map_broadcast(out, shape, along_row, {&first.shape(), &others.shape()...}, in);
  }
}

/// The same, returned as a new array.
template <class T, class F, class... A>
Array<T> map_all(const Shape& shape, F f, const Array<T>& first, const A&... others) {
  Array<T> result(shape);
  map_all_into(result.data(), shape, f, first, others...);
  return result;
}

/// f applied to every pair of entries of two arrays that broadcast to `shape`.
template <class T, class F>
Array<T> map(const Shape& shape, const Array<T>& a, const Array<T>& b, F f) {
  return map_all(shape, f, a, b);
}

/// a += b, for arrays of equal shape.
template <class T>
void add_in_place(Array<T>& a, const Array<T>& b) {
  T* out = a.data();
  const T* in = b.data();
  parallel_for(a.size(), elementwise_grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) out[i] += in[i];
  });
}

}  // namespace xgrad::kernels
