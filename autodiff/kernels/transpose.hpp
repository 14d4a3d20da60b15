#pragma once

#include <autodiff/kernels/broadcast.hpp>

#include <array>
#include <utility>

/// \file
/// Transposes of small tiles in vector registers.

namespace xgrad::kernels {

/// As many batches as a batch has entries: a square tile.
template <class T>
using Tile = std::array<Batch<T>, Batch<T>::size>;

namespace detail {

/// The entries of a and b interleaved, from entry `first` on.
template <std::size_t first, class V, std::size_t... i>
V zip(V a, V b, std::index_sequence<i...>) {
  constexpr std::size_t width = sizeof...(i);
  return __builtin_shufflevector(a, b, (first + i / 2 + i % 2 * width)...);
}

/// out[j * out_stride + i] = in[i * in_stride + j] for a whole tile.
template <class T>
void transpose_tile(const T* in, std::size_t in_stride, T* out, std::size_t out_stride);

}  // namespace detail

/// Transposes a tile in place. Each round zips the rows of the upper half with those of the lower; after
/// log2(width) rounds, entry (i, j) is at (j, i).
template <class T>
void transpose(Tile<T>& tile) {
  using Register = typename Batch<T>::register_type;
  constexpr std::size_t width = Batch<T>::size;
  constexpr auto entries = std::make_index_sequence<width>();
#pragma GCC unroll 6
  for (std::size_t round = 1; round < width; round *= 2) {
    Tile<T> next;
#pragma GCC unroll 16
    for (std::size_t i = 0; i < width / 2; ++i) {
      const Register upper = tile[i];
      const Register lower = tile[i + width / 2];
      next[2 * i] = detail::zip<0>(upper, lower, entries);
      next[2 * i + 1] = detail::zip<width / 2>(upper, lower, entries);
    }
    tile = next;
  }
}

template <class T>
void detail::transpose_tile(const T* in, std::size_t in_stride, T* out, std::size_t out_stride) {
  constexpr std::size_t width = Batch<T>::size;
  Tile<T> tile;
#pragma GCC unroll 16
  for (std::size_t i = 0; i < width; ++i) tile[i] = Batch<T>::load_unaligned(in + i * in_stride);
  transpose<T>(tile);
#pragma GCC unroll 16
  for (std::size_t j = 0; j < width; ++j) tile[j].store_unaligned(out + j * out_stride);
}

/// out[j * out_stride + i] = in[i * in_stride + j] for i < rows and j < columns.
template <class T>
void transpose_block(const T* in, std::size_t in_stride, std::size_t rows, std::size_t columns, T* out,
                     std::size_t out_stride) {
  constexpr std::size_t width = Batch<T>::size;
  if (rows < width || columns < width) {
    for (std::size_t j = 0; j < columns; ++j) {
      for (std::size_t i = 0; i < rows; ++i) out[j * out_stride + i] = in[i * in_stride + j];
    }
    return;
  }
  // The last tiles overlap the ones before; entries in both are written twice.
  for (std::size_t j = 0; j < columns; j += width) {
    const std::size_t from_j = std::min(j, columns - width);
    for (std::size_t i = 0; i < rows; i += width) {
      const std::size_t from_i = std::min(i, rows - width);
      detail::transpose_tile(in + from_i * in_stride + from_j, in_stride, out + from_j * out_stride + from_i,
                             out_stride);
    }
  }
}

}  // namespace xgrad::kernels
