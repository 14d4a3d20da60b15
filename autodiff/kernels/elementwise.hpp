#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/parallel.hpp>

#include <xsimd/xsimd.hpp>

#include <array>

/// \file
/// Loops that apply one function to every entry of one or two arrays. The function is generic: it is called
/// with xsimd batches, also for the last few entries, so that an entry's result does not depend on its
/// position.

namespace xgrad::kernels {

/// Below this many entries, a second thread costs more than it brings.
inline constexpr std::size_t elementwise_grain = 1 << 15;

template <class T>
using Batch = xsimd::batch<T>;

namespace detail {

/// How an operand is read along a row: entry by entry, or one entry for the whole row.
enum class Step : bool { repeat, advance };

template <Step step, class T>
Batch<T> load(const T* data, std::size_t i) {
  if constexpr (step == Step::advance) {
    return Batch<T>::load_unaligned(data + i);
  } else {
    return Batch<T>(*data);
  }
}

/// The last `count` entries of a row, the rest of the batch filled with the last of them.
template <Step step, class T>
Batch<T> load_last(const T* data, std::size_t i, std::size_t count) {
  if constexpr (step == Step::advance) {
    alignas(64) T buffer[Batch<T>::size];
    for (std::size_t k = 0; k < Batch<T>::size; ++k) buffer[k] = data[i + (k < count ? k : count - 1)];
    return Batch<T>::load_aligned(buffer);
  } else {
    return Batch<T>(*data);
  }
}

template <class T>
void store_last(T* out, std::size_t count, Batch<T> value) {
  alignas(64) T buffer[Batch<T>::size];
  value.store_aligned(buffer);
  std::copy(buffer, buffer + count, out);
}

template <class T, class F>
void map_row(T* out, const T* a, std::size_t count, F& f) {
  constexpr std::size_t width = Batch<T>::size;
  std::size_t i = 0;
  for (; i + width <= count; i += width) f(load<Step::advance>(a, i)).store_unaligned(out + i);
  if (i < count) store_last(out + i, count - i, f(load_last<Step::advance>(a, i, count - i)));
}

template <Step step_a, Step step_b, class T, class F>
void map_row(T* out, const T* a, const T* b, std::size_t count, F& f) {
  constexpr std::size_t width = Batch<T>::size;
  std::size_t i = 0;
  for (; i + width <= count; i += width) f(load<step_a>(a, i), load<step_b>(b, i)).store_unaligned(out + i);
  if (i < count) {
    const std::size_t rest = count - i;
    store_last(out + i, rest, f(load_last<step_a>(a, i, rest), load_last<step_b>(b, i, rest)));
  }
}

}  // namespace detail

/// How `N` operands that are broadcast to one shape are walked: rows of `inner` entries, each operand
/// advancing along a row by `step` (0 or 1), and outer axes with each operand's stride. Axes along which
/// all operands walk alike are joined.
template <std::size_t N>
struct BroadcastLoop {
  struct Axis {
    std::size_t extent;
    std::array<std::size_t, N> strides;
  };
  std::size_t inner = 1;
  std::array<std::size_t, N> step{};
  std::size_t rows = 1;
  xt::svector<Axis, 4> outer;  // outermost first

  /// Operand shapes must broadcast to `shape`.
  BroadcastLoop(const Shape& shape, const std::array<const Shape*, N>& operands) {
    xt::svector<Axis, 4> axes;  // innermost first
    std::array<std::size_t, N> stride;
    stride.fill(1);
    for (std::size_t i = 0; i < shape.size(); ++i) {
      const std::size_t extent = shape[shape.size() - 1 - i];
      Axis axis{extent, {}};
      for (std::size_t k = 0; k < N; ++k) {
        const Shape& operand = *operands[k];
        const std::size_t own = i < operand.size() ? operand[operand.size() - 1 - i] : 1;
        axis.strides[k] = own == 1 ? 0 : stride[k];
        stride[k] *= own;
      }
      if (extent == 1) continue;
      const bool joins = !axes.empty() && [&] {
        for (std::size_t k = 0; k < N; ++k) {
          if (axis.strides[k] != axes.back().extent * axes.back().strides[k]) return false;
        }
        return true;
      }();
      if (joins) {
        axes.back().extent *= extent;
      } else {
        axes.push_back(axis);
      }
    }
    if (!axes.empty()) {
      inner = axes.front().extent;
      step = axes.front().strides;
    }
    for (std::size_t i = axes.size(); i-- > 1;) {
      outer.push_back(axes[i]);
      rows *= axes[i].extent;
    }
  }

  /// Calls `body(row, offsets)` for the rows [begin, end), with each operand's offset of the row.
  template <class Body>
  void for_rows(std::size_t begin, std::size_t end, Body&& body) const {
    std::array<std::size_t, N> offsets{};
    xt::svector<std::size_t, 4> index(outer.size(), 0);
    std::size_t rest = begin;
    for (std::size_t axis = outer.size(); axis-- > 0;) {
      index[axis] = rest % outer[axis].extent;
      rest /= outer[axis].extent;
      for (std::size_t k = 0; k < N; ++k) offsets[k] += index[axis] * outer[axis].strides[k];
    }
    for (std::size_t row = begin; row < end; ++row) {
      body(row, offsets);
      for (std::size_t axis = outer.size(); axis-- > 0;) {
        for (std::size_t k = 0; k < N; ++k) offsets[k] += outer[axis].strides[k];
        if (++index[axis] < outer[axis].extent) break;
        for (std::size_t k = 0; k < N; ++k) offsets[k] -= index[axis] * outer[axis].strides[k];
        index[axis] = 0;
      }
    }
  }
};

/// Calls `body(row, begin, end, offsets)` over all entries of a broadcast loop, in parallel where large:
/// entries [begin, end) of that row.
template <std::size_t N, class Body>
void parallel_rows(const BroadcastLoop<N>& loop, Body&& body) {
  if (loop.rows == 1) {
    parallel_for(loop.inner, elementwise_grain, [&](std::size_t begin, std::size_t end) {
      body(std::size_t{0}, begin, end, std::array<std::size_t, N>{});
    });
    return;
  }
  const std::size_t grain = elementwise_grain / std::max<std::size_t>(loop.inner, 1) + 1;
  parallel_for(loop.rows, grain, [&](std::size_t first, std::size_t last) {
    loop.for_rows(first, last, [&](std::size_t row, const std::array<std::size_t, N>& offsets) {
      body(row, std::size_t{0}, loop.inner, offsets);
    });
  });
}

/// out[i] = f(a[i]); `out` may be `a`.
template <class T, class F>
void map_into(T* out, const T* a, std::size_t count, F f) {
  parallel_for(count, elementwise_grain, [&](std::size_t begin, std::size_t end) {
    detail::map_row(out + begin, a + begin, end - begin, f);
  });
}

/// f applied to every entry.
template <class T, class F>
Array<T> map(const Array<T>& a, F f) {
  Array<T> result(a.shape());
  map_into(result.data(), a.data(), a.size(), f);
  return result;
}

/// f applied to every pair of entries of two arrays that broadcast to `shape`.
template <class T, class F>
Array<T> map(const Shape& shape, const Array<T>& a, const Array<T>& b, F f) {
  using detail::Step;
  Array<T> result(shape);
  const BroadcastLoop<2> loop(shape, {&a.shape(), &b.shape()});
  parallel_rows(loop, [&](std::size_t row, std::size_t begin, std::size_t end,
                          const std::array<std::size_t, 2>& offsets) {
    T* out = result.data() + row * loop.inner + begin;
    const T* pa = a.data() + offsets[0] + begin * loop.step[0];
    const T* pb = b.data() + offsets[1] + begin * loop.step[1];
    const std::size_t count = end - begin;
    if (loop.step[0] != 0 && loop.step[1] != 0) {
      detail::map_row<Step::advance, Step::advance>(out, pa, pb, count, f);
    } else if (loop.step[0] != 0) {
      detail::map_row<Step::advance, Step::repeat>(out, pa, pb, count, f);
    } else if (loop.step[1] != 0) {
      detail::map_row<Step::repeat, Step::advance>(out, pa, pb, count, f);
    } else {
      detail::map_row<Step::repeat, Step::repeat>(out, pa, pb, count, f);
    }
  });
  return result;
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
