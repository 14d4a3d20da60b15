#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/kernels/transpose.hpp>

/// \file
/// Copies between a contiguous array and a strided view of another: transposes and slices.

namespace xgrad::kernels {

/// A strided view: entry (i0, i1, ...) of an array of shape `shape` is at offset + i0 strides[0] + i1
/// strides[1] + ... in another.
struct Strided {
  Shape shape;
  xt::svector<std::ptrdiff_t, 4> strides;
  std::ptrdiff_t offset = 0;
};

/// The strides of a contiguous array.
inline xt::svector<std::ptrdiff_t, 4> contiguous_strides(const Shape& shape) {
  xt::svector<std::ptrdiff_t, 4> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * static_cast<std::ptrdiff_t>(shape[i]);
  return strides;
}

namespace detail {

/// The same entries with fewer axes: axes of extent 1 are dropped, and axes that are contiguous in the other
/// array too are merged.
inline Strided with_joined_axes(const Strided& part) {
  Strided result;
  result.offset = part.offset;
  for (std::size_t axis = 0; axis < part.shape.size(); ++axis) {
    const std::size_t extent = part.shape[axis];
    const std::ptrdiff_t stride = part.strides[axis];
    if (extent == 1) continue;
    if (!result.shape.empty() && result.strides.back() == stride * static_cast<std::ptrdiff_t>(extent)) {
      result.shape.back() *= extent;
      result.strides.back() = stride;
    } else {
      result.shape.push_back(extent);
      result.strides.push_back(stride);
    }
  }
  if (result.shape.empty()) {
    result.shape.push_back(1);
    result.strides.push_back(1);
  }
  return result;
}

/// Two axes of a strided copy. In the contiguous array rows are `row` entries apart and columns are adjacent;
/// in the other array the strides apply.
struct Panel {
  std::size_t rows;
  std::size_t columns;
  std::size_t row;
  std::ptrdiff_t row_stride;
  std::ptrdiff_t column_stride;

  bool is_transpose() const { return row_stride == 1 && column_stride > 1; }
};

/// The number of blocks of an extent; no block is smaller than a vector unless the extent is.
inline std::size_t block_count(std::size_t extent, std::size_t block) {
  return std::max<std::size_t>(1, extent / block);
}

/// Calls `copy(panel, contiguous_offset, strided_offset)` for panels that cover all pairs of corresponding
/// entries, in parallel if there are many.
template <class Copy>
void for_strided(const Strided& part, const Copy& copy) {
  const std::size_t size = element_count(part.shape);
  if (size == 0) return;
  const Strided joined = with_joined_axes(part);
  const Shape& shape = joined.shape;
  const auto& strides = joined.strides;
  // All axes are iterated one index at a time but two: the last, with stride 1 on the contiguous side, and
  // the one with the smallest stride on the strided side, or else the last but one.
  const std::size_t last = shape.size() - 1;
  std::size_t fast = last;
  for (std::size_t axis = 0; axis < last; ++axis) {
    if (std::abs(strides[axis]) < std::abs(strides[fast])) fast = axis;
  }
  if (fast == last && last > 0) fast = last - 1;
  xt::svector<std::size_t, 4> contiguous(shape.size(), 1);
  for (std::size_t axis = last; axis-- > 0;) contiguous[axis] = contiguous[axis + 1] * shape[axis + 1];

  const std::size_t rows = fast == last ? 1 : shape[fast];
  const Panel whole{rows, shape[last], contiguous[fast], strides[fast], strides[last]};
  // Blocks stay in cache on both sides, and there are enough of them for all threads.
  const std::size_t row_blocks = block_count(rows, 64);
  const std::size_t column_blocks = block_count(whole.columns, strides[last] == 1 ? 4096 : 64);
  const std::size_t items = size / (rows * whole.columns) * row_blocks * column_blocks;
  parallel_for(items, elementwise_grain / (size / items) + 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t item = begin; item < end; ++item) {
      const std::size_t c = item % column_blocks;
      const std::size_t r = item / column_blocks % row_blocks;
      const std::size_t row = rows * r / row_blocks;
      const std::size_t column = whole.columns * c / column_blocks;
      Panel block = whole;
      block.rows = rows * (r + 1) / row_blocks - row;
      block.columns = whole.columns * (c + 1) / column_blocks - column;
      std::size_t to = row * whole.row + column;
      std::ptrdiff_t from = joined.offset + static_cast<std::ptrdiff_t>(row) * whole.row_stride +
                            static_cast<std::ptrdiff_t>(column) * whole.column_stride;
      std::size_t rest = item / column_blocks / row_blocks;
      for (std::size_t axis = last; axis-- > 0;) {
        if (axis == fast) continue;
        const std::size_t i = rest % shape[axis];
        rest /= shape[axis];
        to += i * contiguous[axis];
        from += static_cast<std::ptrdiff_t>(i) * strides[axis];
      }
      copy(block, to, from);
    }
  });
}

/// Calls `copy_row(contiguous, strided, count)` for rows that are contiguous on both sides, and
/// `copy(contiguous, strided)` for single entries of other rows.
template <class CopyRow, class Copy>
void for_panel(const Panel& panel, std::size_t to, std::ptrdiff_t from, const CopyRow& copy_row,
               const Copy& copy) {
  for (std::size_t i = 0; i < panel.rows; ++i, to += panel.row, from += panel.row_stride) {
    if (panel.column_stride == 1) {
      copy_row(to, from, panel.columns);
    } else if (panel.column_stride == -1) {  // a constant stride, for which the compiler reverses vectors
      for (std::size_t j = 0; j < panel.columns; ++j) copy(to + j, from - static_cast<std::ptrdiff_t>(j));
    } else {
      std::ptrdiff_t at = from;
      for (std::size_t j = 0; j < panel.columns; ++j, at += panel.column_stride) copy(to + j, at);
    }
  }
}

}  // namespace detail

/// The entries that `part` selects, as an array of its shape.
template <class T>
Array<T> gather(const Array<T>& from, const Strided& part) {
  Array<T> result(part.shape);
  T* out = result.data();
  const T* in = from.data();
  detail::for_strided(part, [=](const detail::Panel& panel, std::size_t to, std::ptrdiff_t at) {
    if (panel.is_transpose()) {
      transpose_block(in + at, static_cast<std::size_t>(panel.column_stride), panel.columns, panel.rows,
                      out + to, panel.row);
      return;
    }
    detail::for_panel(
        panel, to, at,
        [=](std::size_t t, std::ptrdiff_t a, std::size_t count) { std::copy_n(in + a, count, out + t); },
        [=](std::size_t t, std::ptrdiff_t a) { out[t] = in[a]; });
  });
  return result;
}

/// Writes the entries of `from` to those that `part` selects.
template <class T>
void set_at(Array<T>& to, const Strided& part, const Array<T>& from) {
  T* out = to.data();
  const T* in = from.data();
  detail::for_strided(part, [=](const detail::Panel& panel, std::size_t at, std::ptrdiff_t to_at) {
    if (panel.is_transpose()) {
      transpose_block(in + at, panel.row, panel.rows, panel.columns, out + to_at,
                      static_cast<std::size_t>(panel.column_stride));
      return;
    }
    detail::for_panel(
        panel, at, to_at,
        [=](std::size_t t, std::ptrdiff_t a, std::size_t count) { std::copy_n(in + t, count, out + a); },
        [=](std::size_t t, std::ptrdiff_t a) { out[a] = in[t]; });
  });
}

/// Adds the entries of `from` to those that `part` selects, none of them twice.
template <class T>
void add_at(Array<T>& to, const Strided& part, const Array<T>& from) {
  T* out = to.data();
  const T* in = from.data();
  detail::for_strided(part, [=](const detail::Panel& panel, std::size_t at, std::ptrdiff_t to_at) {
    detail::for_panel(
        panel, at, to_at,
        [=](std::size_t t, std::ptrdiff_t a, std::size_t count) {
          T* sum = out + a;
          for (std::size_t i = 0; i < count; ++i) sum[i] += in[t + i];
        },
        [=](std::size_t t, std::ptrdiff_t a) { out[a] += in[t]; });
  });
}

/// Sets the entries that `part` selects to zero.
template <class T>
void clear_at(Array<T>& to, const Strided& part) {
  T* out = to.data();
  detail::for_strided(part, [=](const detail::Panel& panel, std::size_t at, std::ptrdiff_t to_at) {
    detail::for_panel(
        panel, at, to_at,
        [=](std::size_t, std::ptrdiff_t a, std::size_t count) { std::fill_n(out + a, count, T(0)); },
        [=](std::size_t, std::ptrdiff_t a) { out[a] = T(0); });
  });
}

/// An array of `shape`, zero except for the entries that `part` selects, which are those of `from`. `part`
/// must not select an entry twice.
template <class T>
Array<T> scatter(const Array<T>& from, const Strided& part, const Shape& shape) {
  Array<T> result = full<T>(shape, T(0));
  set_at(result, part, from);
  return result;
}

/// The entries of an array, taken as {outer, extent, inner} whatever its shape, as {outer, inner, extent}.
template <class T>
Array<T> exchange_axes(const Array<T>& from, std::size_t outer, std::size_t extent, std::size_t inner) {
  Strided part;
  part.shape = {outer, inner, extent};
  part.strides = {static_cast<std::ptrdiff_t>(extent * inner), 1, static_cast<std::ptrdiff_t>(inner)};
  return gather(from, part);
}

}  // namespace xgrad::kernels
