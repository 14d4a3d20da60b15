#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/elementwise.hpp>

/// \file
/// Copies between a contiguous array and entries at regular distances in another: transposes and slices.

namespace xgrad::kernels {

/// Entry (i0, i1, ...) of an array of shape `shape` lies at offset + i0 strides[0] + i1 strides[1] + ... of
/// another.
struct Strided {
  Shape shape;
  xt::svector<std::ptrdiff_t, 4> strides;
  std::ptrdiff_t offset = 0;
};

namespace detail {

/// Walks two axes in blocks, so that both sides stay in cache whichever of them runs along memory.
template <class Body>
void for_blocks(std::size_t rows, std::size_t columns, Body&& body) {
  constexpr std::size_t block = 32;
  for (std::size_t r = 0; r < rows; r += block) {
    for (std::size_t c = 0; c < columns; c += block) {
      const std::size_t last_row = std::min(rows, r + block);
      const std::size_t last_column = std::min(columns, c + block);
      for (std::size_t i = r; i < last_row; ++i) {
        for (std::size_t j = c; j < last_column; ++j) body(i, j);
      }
    }
  }
}

/// Calls `copy(contiguous_offset, strided_offset)` for every pair of entries that belong together, in
/// parallel where large.
template <class Copy>
void for_strided(const Strided& part, Copy&& copy) {
  // All but two axes are walked one index at a time: the last, along which the contiguous side runs, and the
  // one along which the strided side does.
  const std::size_t dimension = part.shape.size();
  const std::size_t size = element_count(part.shape);
  if (size == 0) return;
  if (dimension == 0) {
    copy(std::size_t{0}, part.offset);
    return;
  }
  const std::size_t last = dimension - 1;
  std::size_t fast = last;
  for (std::size_t axis = 0; axis < dimension; ++axis) {
    if (part.shape[axis] > 1 && std::abs(part.strides[axis]) < std::abs(part.strides[fast])) fast = axis;
  }
  xt::svector<std::size_t, 4> contiguous(dimension, 1);
  for (std::size_t axis = last; axis-- > 0;) contiguous[axis] = contiguous[axis + 1] * part.shape[axis + 1];

  const std::size_t columns = part.shape[last];
  const std::size_t rows = fast == last ? 1 : part.shape[fast];
  const std::size_t outer = size / (rows * columns);
  parallel_for(outer, elementwise_grain / (rows * columns) + 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t index = begin; index < end; ++index) {
      std::size_t rest = index;
      std::size_t to = 0;
      std::ptrdiff_t from = part.offset;
      for (std::size_t axis = last; axis-- > 0;) {
        if (axis == fast) continue;
        const std::size_t i = rest % part.shape[axis];
        rest /= part.shape[axis];
        to += i * contiguous[axis];
        from += static_cast<std::ptrdiff_t>(i) * part.strides[axis];
      }
      if (fast == last) {
        for (std::size_t j = 0; j < columns; ++j)
          copy(to + j, from + static_cast<std::ptrdiff_t>(j) * part.strides[last]);
      } else {
        for_blocks(rows, columns, [&](std::size_t i, std::size_t j) {
          copy(to + i * contiguous[fast] + j, from + static_cast<std::ptrdiff_t>(i) * part.strides[fast] +
                                                  static_cast<std::ptrdiff_t>(j) * part.strides[last]);
        });
      }
    }
  });
}

}  // namespace detail

/// The entries that `part` names, as an array of its shape.
template <class T>
Array<T> gather(const Array<T>& from, const Strided& part) {
  Array<T> result(part.shape);
  T* out = result.data();
  const T* in = from.data();
  detail::for_strided(part, [=](std::size_t to, std::ptrdiff_t at) { out[to] = in[at]; });
  return result;
}

/// An array of `shape`, zero but for the entries that `part` names, which come from `from`. `part` names none
/// twice.
template <class T>
Array<T> scatter(const Array<T>& from, const Strided& part, const Shape& shape) {
  Array<T> result = full<T>(shape, T(0));
  T* out = result.data();
  const T* in = from.data();
  detail::for_strided(part, [=](std::size_t to, std::ptrdiff_t at) { out[at] = in[to]; });
  return result;
}

}  // namespace xgrad::kernels
