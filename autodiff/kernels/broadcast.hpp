#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/batch.hpp>
#include <autodiff/kernels/parallel.hpp>

#include <array>
#include <utility>

/// \file
/// Iteration over operands that are broadcast to one shape.

namespace xgrad::kernels {

/// Below this many entries, a second thread costs more than it saves.
inline constexpr std::size_t elementwise_grain = 1 << 15;

/// Iteration over `N` operands that are broadcast to one shape: rows of `inner` entries, along which each
/// operand advances by `step` (0 or 1), and outer axes with each operand's stride. Adjacent axes that act as
/// one axis in all operands are merged.
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

  /// The shapes of the operands must broadcast to `shape`.
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

  /// Each operand's offset at the start of a row.
  std::array<std::size_t, N> offsets(std::size_t row) const {
    std::array<std::size_t, N> result{};
    for (std::size_t axis = outer.size(); axis-- > 0; row /= outer[axis].extent) {
      const std::size_t index = row % outer[axis].extent;
      for (std::size_t k = 0; k < N; ++k) result[k] += index * outer[axis].strides[k];
    }
    return result;
  }

  /// Calls `body(row, offsets)` for the rows [begin, end), with each operand's offset at its start. Does not
  /// allocate, because it runs in parallel regions.
  template <class Body>
  void for_rows(std::size_t begin, std::size_t end, Body&& body) const {
    std::array<std::size_t, 8> index{};
    if (outer.size() > index.size()) {
      for (std::size_t row = begin; row < end; ++row) body(row, offsets(row));
      return;
    }
    std::array<std::size_t, N> at = offsets(begin);
    std::size_t rest = begin;
    for (std::size_t axis = outer.size(); axis-- > 0; rest /= outer[axis].extent) {
      index[axis] = rest % outer[axis].extent;
    }
    for (std::size_t row = begin; row < end; ++row) {
      body(row, std::as_const(at));
      for (std::size_t axis = outer.size(); axis-- > 0;) {
        for (std::size_t k = 0; k < N; ++k) at[k] += outer[axis].strides[k];
        if (++index[axis] < outer[axis].extent) break;
        for (std::size_t k = 0; k < N; ++k) at[k] -= index[axis] * outer[axis].strides[k];
        index[axis] = 0;
      }
    }
  }
};

/// Calls `body(row, begin, end, offsets)` for the entries [begin, end) of a row until all entries of the loop
/// are covered, in parallel if there are many.
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

/// Rows up to this length are short: several of them are joined and processed as one long row.
inline constexpr std::size_t short_row = 128;

/// The number of short rows that are joined to a long one that stays in the L1 cache: a multiple of the
/// vector width, so that there is no remainder.
template <class T>
std::size_t joined_rows(std::size_t row) {
  constexpr std::size_t width = Batch<T>::size;
  return std::max<std::size_t>(1, 1024 / (row * width)) * width;
}

/// The largest number of entries of `joined_rows` rows.
template <class T>
inline constexpr std::size_t joined_entries = std::max<std::size_t>(1024, short_row* Batch<T>::size);

/// Short rows of a broadcast operand, stored contiguously.
template <class T>
class JoinedRows {
 public:
  /// Returns `count` rows of `inner` entries that start at `from` and advance by `step` along a row and by
  /// `stride` from row to row. Either `step` or `stride` is 0, or the rows are contiguous.
  const T* get(const T* from, std::size_t count, std::size_t inner, std::size_t step, std::size_t stride) {
    if (step != 0 && stride == inner) return from;
    if (stride == 0 && from == repeated_ && count <= count_) return entries_;
    if (step == 0) {
      for (std::size_t r = 0; r < count; ++r) fill_row(entries_ + r * inner, inner, from[r * stride]);
    } else {
      std::copy_n(from, inner, entries_);
      for (std::size_t done = inner; done < count * inner; done *= 2) {
        std::copy_n(entries_, std::min(done, count * inner - done), entries_ + done);
      }
    }
    repeated_ = stride == 0 ? from : nullptr;
    count_ = count;
    return entries_;
  }

 private:
  /// May write past the end of the row; the next row overwrites it.
  static void fill_row(T* row, std::size_t inner, T value) {
    const Batch<T> batch(value);
    for (std::size_t i = 0; i < inner; i += Batch<T>::size) batch.store_unaligned(row + i);
  }

  alignas(64) T entries_[joined_entries<T> + Batch<T>::size];
  const T* repeated_ = nullptr;  // the row, or the value, that is repeated
  std::size_t count_ = 0;
};

}  // namespace xgrad::kernels
