#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/batch.hpp>
#include <autodiff/kernels/broadcast.hpp>
#include <autodiff/kernels/parallel.hpp>

#include <array>

/// \file
/// Loops that apply one function to every entry of one or more arrays. The function is generic: it is called
/// with xsimd batches, also for the last few entries, so that an entry's result does not depend on its
/// position.

namespace xgrad::kernels {

namespace detail {

/// How an operand is read along a row: entry by entry, or one entry for the whole row.
enum class Step : bool { repeat, advance };

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

  /// The first entries, fewer than a batch; the rest of the batch repeats the first of them.
  Batch<T> load_first(std::size_t count) const {
    if (step == Step::repeat || count == 1) return Batch<T>(*data);
    alignas(64) T buffer[Batch<T>::size];
    Batch<T>(*data).store_aligned(buffer);
    std::copy_n(data, count, buffer);
    return Batch<T>::load_aligned(buffer);
  }
};

template <class T>
void store_first(T* out, std::size_t count, Batch<T> value) {
  alignas(64) T buffer[Batch<T>::size];
  value.store_aligned(buffer);
  *out = buffer[0];
  if (count > 1) std::copy_n(buffer + 1, count - 1, out + 1);
}

/// out[i] = f(in[i]...); `out` may be one of the operands. The streams come by value, so that their pointers
/// stay in registers.
template <class T, class F, class... S>
void map_row(T* out, std::size_t count, F& f, S... in) {
  constexpr std::size_t width = Batch<T>::size;
  if (count < width) {
    if (count > 0) store_first(out, count, f(in.load_first(count)...));
    return;
  }
  // The last batch overlaps the one before it, and is read before that is written.
  const std::size_t last = count - width;
  const Batch<T> end = f(in.load(last)...);
  for (std::size_t i = 0; i < last; i += width) f(in.load(i)...).store_unaligned(out + i);
  end.store_unaligned(out + last);
}

/// Calls `run(streams...)` with each operand as the Stream that its step makes it.
template <std::size_t k = 0, class T, std::size_t N, class Run, class... S>
void with_streams(const std::array<const T*, N>& data, const std::array<std::size_t, N>& step, const Run& run,
                  S... streams) {
  if constexpr (k == N) {
    run(streams...);
  } else if (step[k] != 0) {
    with_streams<k + 1>(data, step, run, streams..., Stream<Step::advance, T>{data[k]});
  } else {
    with_streams<k + 1>(data, step, run, streams..., Stream<Step::repeat, T>{data[k]});
  }
}

/// f over operands that are broadcast along short rows: they are joined to longer ones first.
template <class T, std::size_t N, class F>
void map_short_rows(T* out, const BroadcastLoop<N>& loop, const std::array<const T*, N>& in, F& f) {
  const auto& next = loop.outer.back();
  const std::size_t together = joined_rows<T>(loop.inner);
  parallel_for(loop.rows, elementwise_grain / loop.inner + 1, [&](std::size_t begin, std::size_t end) {
    std::array<JoinedRows<T>, N> joined;
    for (std::size_t row = begin; row < end;) {
      const std::size_t run = std::min(end - row, next.extent - row % next.extent);
      const std::array<std::size_t, N> offsets = loop.offsets(row);
      for (std::size_t r = 0; r < run; r += together) {
        const std::size_t count = std::min(together, run - r);
        [&]<std::size_t... k>(std::index_sequence<k...>) {
          map_row(out + (row + r) * loop.inner, count * loop.inner, f,
                  Stream<Step::advance, T>{joined[k].get(in[k] + offsets[k] + r * next.strides[k], count,
                                                         loop.inner, loop.step[k], next.strides[k])}...);
        }
        (std::make_index_sequence<N>());
      }
      row += run;
    }
  });
}

}  // namespace detail

/// out[i] = f(a[i]); `out` may be `a`.
template <class T, class F>
void map_into(T* out, const T* a, std::size_t count, F f) {
  using detail::Step;
  parallel_for(count, elementwise_grain, [&](std::size_t begin, std::size_t end) {
    detail::map_row(out + begin, end - begin, f, detail::Stream<Step::advance, T>{a + begin});
  });
}

/// f applied to every entry.
template <class T, class F>
Array<T> map(const Array<T>& a, F f) {
  Array<T> result(a.shape());
  map_into(result.data(), a.data(), a.size(), f);
  return result;
}

/// out = f applied to the entries of arrays that broadcast to `shape`, which belong together. `out` may be an
/// operand of that shape.
template <class T, class F, class... A>
void map_all_into(T* out, const Shape& shape, F f, const Array<T>& first, const A&... others) {
  using detail::Step;
  constexpr std::size_t operands = 1 + sizeof...(A);
  if (first.shape() == shape && ((others.shape() == shape) && ...)) {
    parallel_for(first.size(), elementwise_grain, [&](std::size_t begin, std::size_t end) {
      detail::map_row(out + begin, end - begin, f, detail::Stream<Step::advance, T>{first.data() + begin},
                      detail::Stream<Step::advance, T>{others.data() + begin}...);
    });
    return;
  }
  if (element_count(shape) == 0) return;
  const BroadcastLoop<operands> loop(shape, {&first.shape(), &others.shape()...});
  const std::array<const T*, operands> in{first.data(), others.data()...};
  if (loop.inner <= short_row && loop.rows > 1) {
    detail::map_short_rows(out, loop, in, f);
    return;
  }
  parallel_rows(loop, [&](std::size_t row, std::size_t begin, std::size_t end,
                          const std::array<std::size_t, operands>& offsets) {
    std::array<const T*, operands> data = in;
    for (std::size_t k = 0; k < operands; ++k) data[k] += offsets[k] + begin * loop.step[k];
    T* to = out + row * loop.inner + begin;
    detail::with_streams(data, loop.step,
                         [&](auto... streams) { detail::map_row(to, end - begin, f, streams...); });
  });
}

/// The same as a new array.
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

/// a += b, for arrays of one shape.
template <class T>
void add_in_place(Array<T>& a, const Array<T>& b) {
  T* out = a.data();
  const T* in = b.data();
  parallel_for(a.size(), elementwise_grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) out[i] += in[i];
  });
}

}  // namespace xgrad::kernels
