#pragma once

#include <autodiff/kernels/batch.hpp>
#include <autodiff/kernels/interleave.hpp>
#include <autodiff/kernels/transpose.hpp>

#include <algorithm>
#include <array>
#include <cstddef>

/// \file
/// Products of matrices with a small extent, tile by tile in registers. BLAS packs its operands before it
/// multiplies, which costs more than such a product. Uses one thread, does not allocate or throw, and extents
/// and strides are limited by memory only.

namespace xgrad::kernels::tiles {

/// A matrix with arbitrary strides of its rows and columns.
template <class T>
struct Strided {
  const T* entries;
  std::size_t row;
  std::size_t column;

  const T* at(std::size_t i, std::size_t j) const { return entries + i * row + j * column; }
};

template <class T>
inline constexpr std::size_t width = 2 * Batch<T>::size;  // columns of a tile
template <class T>
inline constexpr std::size_t height = sizeof(Batch<T>) == 64 ? 12 : 6;  // rows of a tile; fills the registers
inline constexpr std::size_t packed_rows = 256;

template <class T>
T updated(T sum, T beta, T old) {
  return beta == T(0) ? sum : sum + beta * old;
}

/// out {rows, width} = alpha a {rows, k} b {k, width} + beta out.
template <class T, std::size_t rows>
void multiply_tile(std::size_t k, T alpha, Strided<T> a, const T* b, std::size_t b_row, T beta, T* out,
                   std::size_t out_row) {
  using V = Batch<T>;
  std::array<std::array<V, 2>, rows> sums;
#pragma GCC unroll 12
  for (std::size_t r = 0; r < rows; ++r) sums[r] = {V(T(0)), V(T(0))};
  for (std::size_t p = 0; p < k; ++p, b += b_row, a.entries += a.column) {
    const V left = V::load_unaligned(b);
    const V right = V::load_unaligned(b + V::size);
#pragma GCC unroll 12
    for (std::size_t r = 0; r < rows; ++r) {
      const V factor(a.entries[r * a.row]);
      sums[r][0] = multiply_add<T>(factor, left, sums[r][0]);
      sums[r][1] = multiply_add<T>(factor, right, sums[r][1]);
    }
  }
#pragma GCC unroll 12
  for (std::size_t r = 0; r < rows; ++r, out += out_row) {
#pragma GCC unroll 2
    for (std::size_t part = 0; part < 2; ++part) {
      V sum = V(alpha) * sums[r][part];
      T* to = out + part * V::size;
      if (beta != T(0)) sum += V(beta) * V::load_unaligned(to);
      sum.store_unaligned(to);
    }
  }
}

/// out {m, width} = alpha a {m, k} b {k, width} + beta out.
template <class T>
void multiply_panel(std::size_t m, std::size_t k, T alpha, Strided<T> a, const T* b, std::size_t b_row,
                    T beta, T* out, std::size_t out_row) {
  for (std::size_t i = 0; i < m; i += height<T>) {
    const Strided<T> rows{a.at(i, 0), a.row, a.column};
    T* to = out + i * out_row;
    if (m - i >= height<T>) {
      multiply_tile<T, height<T>>(k, alpha, rows, b, b_row, beta, to, out_row);
    } else {
      with_count<height<T> - 1>(
          m - i, [&](auto count) { multiply_tile<T, count>(k, alpha, rows, b, b_row, beta, to, out_row); });
    }
  }
}

/// Packs the rows of a b with any strides and at most width<T> columns contiguously; missing columns are not
/// set.
template <class T>
void pack(std::size_t rows, std::size_t columns, Strided<T> b, T* packed) {
  if (b.row == 1) {
    transpose_block(b.entries, b.column, columns, rows, packed, width<T>);
  } else if (columns == width<T>) {
    using V = Batch<T>;
    for (std::size_t p = 0; p < rows; ++p, packed += width<T>) {
      const T* from = b.at(p, 0);
      V::load_unaligned(from).store_unaligned(packed);
      V::load_unaligned(from + V::size).store_unaligned(packed + V::size);
    }
  } else {
    for (std::size_t p = 0; p < rows; ++p) {
      for (std::size_t j = 0; j < columns; ++j) packed[p * width<T> + j] = *b.at(p, j);
    }
  }
}

/// multiply_panel for a packed b with fewer than width<T> columns.
template <class T>
void multiply_narrow(std::size_t m, std::size_t columns, std::size_t k, T alpha, Strided<T> a, const T* b,
                     T beta, T* out, std::size_t out_row) {
  alignas(64) std::array<T, height<T> * width<T>> tile;
  for (std::size_t i = 0; i < m; i += height<T>) {
    const std::size_t rows = std::min(height<T>, m - i);
    multiply_panel<T>(rows, k, alpha, {a.at(i, 0), a.row, a.column}, b, width<T>, T(0), tile.data(),
                      width<T>);
    for (std::size_t r = 0; r < rows; ++r) {
      T* to = out + (i + r) * out_row;
      for (std::size_t j = 0; j < columns; ++j) to[j] = updated(tile[r * width<T> + j], beta, to[j]);
    }
  }
}

/// out {rows, columns} = alpha a b^T + beta out, for contiguous rows of a and b, by sums along the rows.
template <class T, std::size_t rows, std::size_t columns>
void multiply_rows(std::size_t k, T alpha, const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta,
                   T* out, std::size_t out_row) {
  using V = Batch<T>;
  std::array<std::array<V, columns>, rows> sums;
#pragma GCC unroll 4
  for (std::size_t r = 0; r < rows; ++r) sums[r].fill(V(T(0)));
  std::size_t p = 0;
  for (; p + V::size <= k; p += V::size) {
    std::array<V, rows> x;
#pragma GCC unroll 4
    for (std::size_t r = 0; r < rows; ++r) x[r] = V::load_unaligned(a + r * lda + p);
#pragma GCC unroll 4
    for (std::size_t j = 0; j < columns; ++j) {
      const V y = V::load_unaligned(b + j * ldb + p);
#pragma GCC unroll 4
      for (std::size_t r = 0; r < rows; ++r) sums[r][j] = multiply_add<T>(x[r], y, sums[r][j]);
    }
  }
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t j = 0; j < columns; ++j) {
      T sum = reduce_add(sums[r][j]);
      for (std::size_t i = p; i < k; ++i) sum += a[r * lda + i] * b[j * ldb + i];
      T& to = out[r * out_row + j];
      to = updated(alpha * sum, beta, to);
    }
  }
}

/// C = alpha A B^T + beta C, for an A of few rows.
template <class T>
void multiply_few_rows(std::size_t m, std::size_t n, std::size_t k, T alpha, const T* a, std::size_t lda,
                       const T* b, std::size_t ldb, T beta, T* c, std::size_t ldc) {
  constexpr std::size_t rows = 3;
  constexpr std::size_t columns = 4;
  for (std::size_t j = 0; j < n; j += columns) {
    for (std::size_t i = 0; i < m; i += rows) {
      with_count<rows>(std::min(rows, m - i), [&](auto r) {
        with_count<columns>(std::min(columns, n - j), [&](auto s) {
          multiply_rows<T, r, s>(k, alpha, a + i * lda, lda, b + j * ldb, ldb, beta, c + i * ldc + j, ldc);
        });
      });
    }
  }
}

/// How a product is computed. The plan depends on the extents of the whole product, so that its parts are
/// summed in the same order.
template <class T>
struct Plan {
  bool sums_along_rows;  ///< of A and of B^T, which are contiguous
  bool packs;            ///< B, panel by panel
  std::size_t depth;     ///< rows of B at a time

  Plan(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k)
      : sums_along_rows(transpose_b && !transpose_a && m <= few) {
    const bool reads_once = !transpose_b && m <= height<T>;
    const bool stays_near = k <= packed_rows && n <= cache / k;
    packs = transpose_b || (!reads_once && !stays_near);
    depth = reads_once && !stays_near ? 32 : packed_rows;
  }

 private:
  static constexpr std::size_t few = 3;
  static constexpr std::size_t cache = std::size_t{1} << 15;  // entries of B that need not be copied
};

/// C = alpha op(A) op(B) + beta C, as kernels::gemm; no extent may be 0.
template <class T>
void multiply(const Plan<T>& plan, bool transpose_a, bool transpose_b, std::size_t m, std::size_t n,
              std::size_t k, T alpha, const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, T* c,
              std::size_t ldc) {
  if (plan.sums_along_rows) return multiply_few_rows(m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  constexpr std::size_t row_block = 144;  // rows of A that share a panel while it is in the L1 cache
  const Strided<T> left{a, transpose_a ? 1 : lda, transpose_a ? lda : 1};
  const Strided<T> right{b, transpose_b ? 1 : ldb, transpose_b ? ldb : 1};
  alignas(64) std::array<T, packed_rows * width<T>> packed;
  for (std::size_t i = 0; i < m; i += row_block) {
    const std::size_t rows = std::min(row_block, m - i);
    for (std::size_t first = 0; first < k; first += plan.depth) {
      const std::size_t count = std::min(plan.depth, k - first);
      const Strided<T> part{left.at(i, first), left.row, left.column};
      const T keep = first == 0 ? beta : T(1);
      for (std::size_t j = 0; j < n; j += width<T>) {
        const std::size_t columns = std::min(width<T>, n - j);
        const Strided<T> panel{right.at(first, j), right.row, right.column};
        T* out = c + i * ldc + j;
        if (plan.packs || columns < width<T>) pack<T>(count, columns, panel, packed.data());
        if (columns < width<T>) {
          multiply_narrow<T>(rows, columns, count, alpha, part, packed.data(), keep, out, ldc);
        } else if (plan.packs) {
          multiply_panel<T>(rows, count, alpha, part, packed.data(), width<T>, keep, out, ldc);
        } else {
          multiply_panel<T>(rows, count, alpha, part, panel.entries, ldb, keep, out, ldc);
        }
      }
    }
  }
}

}  // namespace xgrad::kernels::tiles
