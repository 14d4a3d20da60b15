#include <autodiff/kernels/blas.hpp>
#include <autodiff/kernels/blas_extent.hpp>
#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/kernels/fork.hpp>
#include <autodiff/kernels/gemm.hpp>
#include <autodiff/kernels/one_thread.hpp>
#include <autodiff/kernels/tiles.hpp>

#include <algorithm>
#include <limits>

namespace xgrad::kernels {
namespace {

/// Multiply-adds of a matrix-vector product that are worth a thread; such a product is memory-bound.
constexpr std::size_t vector_grain = std::size_t{1} << 17;

/// Rows of `count` entries that are worth a thread.
constexpr std::size_t row_grain(std::size_t count) {
  return std::max<std::size_t>(vector_grain / std::max<std::size_t>(count, 1), 1);
}

/// c = alpha a B^T + beta c, for a row a of k entries and B {n, k}.
template <class T>
void multiply_by_rows(std::size_t n, std::size_t k, T alpha, const T* a, const T* b, std::size_t ldb, T beta,
                      T* c) {
  constexpr std::size_t width = Batch<T>::size;
  parallel_for(n, row_grain(k), [&](std::size_t begin, std::size_t end) {
    for (std::size_t j = begin; j < end; ++j) {
      const T* row = b + j * ldb;
      std::array<Batch<T>, 4> sums;
      sums.fill(Batch<T>(T(0)));
      std::size_t i = 0;
      for (; i + 4 * width <= k; i += 4 * width) {
        for (std::size_t part = 0; part < 4; ++part) {
          const std::size_t at = i + part * width;
          sums[part] = multiply_add<T>(Batch<T>::load_unaligned(a + at), Batch<T>::load_unaligned(row + at),
                                       sums[part]);
        }
      }
      for (; i + width <= k; i += width) {
        sums[0] =
            multiply_add<T>(Batch<T>::load_unaligned(a + i), Batch<T>::load_unaligned(row + i), sums[0]);
      }
      T sum = reduce_add((sums[0] + sums[1]) + (sums[2] + sums[3]));
      for (; i < k; ++i) sum += a[i] * row[i];
      c[j] = alpha * sum + (beta == T(0) ? T(0) : beta * c[j]);
    }
  });
}

/// c = alpha a B + beta c, for a row a of k entries and B {k, n}.
template <class T>
void multiply_by_columns(std::size_t n, std::size_t k, T alpha, const T* a, const T* b, std::size_t ldb,
                         T beta, T* c) {
  parallel_for(n, row_grain(k), [&](std::size_t begin, std::size_t end) {
    for (std::size_t j = begin; j < end; ++j) c[j] = beta == T(0) ? T(0) : beta * c[j];
    std::size_t i = 0;
    for (; i + 4 <= k; i += 4) {
      const T* row = b + i * ldb;
      const T f0 = alpha * a[i], f1 = alpha * a[i + 1], f2 = alpha * a[i + 2], f3 = alpha * a[i + 3];
#pragma omp simd
      for (std::size_t j = begin; j < end; ++j) {
        c[j] += (f0 * row[j] + f1 * row[ldb + j]) + (f2 * row[2 * ldb + j] + f3 * row[3 * ldb + j]);
      }
    }
    for (; i < k; ++i) {
      const T factor = alpha * a[i];
#pragma omp simd
      for (std::size_t j = begin; j < end; ++j) c[j] += factor * b[i * ldb + j];
    }
  });
}

/// C = alpha a b^T + beta C, for a column a of m entries, `stride` apart, and a row b of n entries.
template <class T>
void outer_product(std::size_t m, std::size_t n, T alpha, const T* a, std::size_t stride, const T* b, T beta,
                   T* c, std::size_t ldc) {
  parallel_for(m, row_grain(n), [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const T factor = alpha * a[i * stride];
      T* row = c + i * ldc;
      if (beta == T(0)) {
#pragma omp simd
        for (std::size_t j = 0; j < n; ++j) row[j] = factor * b[j];
      } else {
#pragma omp simd
        for (std::size_t j = 0; j < n; ++j) row[j] = factor * b[j] + beta * row[j];
      }
    }
  });
}

/// A product C = alpha op(A) op(B) + beta C. A part of it is again a Product.
template <class T>
struct Product {
  bool transpose_a, transpose_b;
  std::size_t m, n, k;
  T alpha;
  const T* a;
  std::size_t lda;
  const T* b;
  std::size_t ldb;
  T beta;
  T* c;
  std::size_t ldc;

  /// Rows [begin, end) of C.
  Product rows(std::size_t begin, std::size_t end) const {
    Product part = *this;
    part.m = end - begin;
    part.a += transpose_a ? begin : begin * lda;
    part.c += begin * ldc;
    return part;
  }

  /// Columns [begin, end) of C.
  Product columns(std::size_t begin, std::size_t end) const {
    Product part = *this;
    part.n = end - begin;
    part.b += transpose_b ? begin * ldb : begin;
    part.c += begin;
    return part;
  }

  /// The number of multiply-adds, or the largest std::size_t if it overflows.
  std::size_t work() const {
    std::size_t count = 0;
    const bool overflows = __builtin_mul_overflow(m, n, &count) || __builtin_mul_overflow(count, k, &count);
    return overflows ? std::numeric_limits<std::size_t>::max() : count;
  }

  /// Whether BLAS's preparations would cost more than its kernels save. In builds without wide registers,
  /// which BLAS itself detects at run time, this holds for the smallest products only.
  bool suits_tiles() const {
    constexpr bool is_wide = sizeof(Batch<T>) >= 32;
    return is_wide ? std::min({m, n, k}) <= 64 || work() <= std::size_t{1} << 21
                   : std::min({m, n, k}) <= 4 || work() <= std::size_t{1} << 13;
  }

  void by_tiles(const tiles::Plan<T>& plan) const {
    tiles::multiply<T>(plan, transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
  }

  void by_blas() const {
    const auto transposed = [](bool is) { return is ? cxxblas::Trans : cxxblas::NoTrans; };
    const auto as_int = [](std::size_t extent) { return static_cast<int>(extent); };  // checked by gemm
    cxxblas::gemm(cxxblas::RowMajor, transposed(transpose_a), transposed(transpose_b), as_int(m), as_int(n),
                  as_int(k), alpha, a, as_int(lda), b, as_int(ldb), beta, c, as_int(ldc));
  }
};

/// Calls `body(part)` for parts of the product, one per thread. BLAS's own multithreading pays off for large
/// products only, and while one thread uses it, others must wait.
template <class T, class Body>
void for_parts(const Product<T>& product, const Body& body) {
  constexpr std::size_t grain = std::size_t{1} << 19;  // multiply-adds that are worth a thread: about 5 us
  constexpr std::size_t step = 48;                     // whole tiles
  const bool cuts_rows = product.m >= product.n;
  const std::size_t extent = cuts_rows ? product.m : product.n;
  const std::size_t steps = (extent - 1) / step + 1;
  const std::size_t threads = std::min(thread_count(product.work(), grain), steps);
  if (threads == 1) {
    const OneThread limit;
    return body(product);
  }
  parallel_parts(steps, threads, [&](std::size_t begin, std::size_t end, std::size_t) {
    const std::size_t first = begin * step;
    const std::size_t last = std::min(end * step, extent);
    body(cuts_rows ? product.rows(first, last) : product.columns(first, last));
  });
}

}  // namespace

template <class T>
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
          const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, T* c, std::size_t ldc) {
  if (m == 0 || n == 0) return;
  if (k == 0) {  // BLAS rejects the zero leading dimensions that come with it
    for (std::size_t i = 0; i < m; ++i) {
      std::transform(c + i * ldc, c + i * ldc + n, c + i * ldc,
                     [=](T v) { return beta == T(0) ? T(0) : beta * v; });
    }
    return;
  }
  // Matrix-vector products are memory-bound; BLAS's preparations cost more than they save.
  if (m == 1 && (!transpose_a || lda == 1)) {
    return transpose_b ? multiply_by_rows(n, k, alpha, a, b, ldb, beta, c)
                       : multiply_by_columns(n, k, alpha, a, b, ldb, beta, c);
  }
  if (n == 1 && ldc == 1 && (transpose_b || ldb == 1)) {  // a column: C^T = op(B)^T op(A)^T
    return transpose_a ? multiply_by_columns(m, k, alpha, b, a, lda, beta, c)
                       : multiply_by_rows(m, k, alpha, b, a, lda, beta, c);
  }
  if (k == 1 && (!transpose_b || ldb == 1)) {
    return outer_product(m, n, alpha, a, transpose_a ? 1 : lda, b, beta, c, ldc);
  }
  check_product(m, n, k, lda, ldb, ldc);
  const Product<T> product{transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc};
  if (product.suits_tiles()) {
    const tiles::Plan<T> plan(transpose_a, transpose_b, m, n, k);
    for_parts(product, [&](const Product<T>& part) { part.by_tiles(plan); });
  } else {
    before_blas();
    for_parts(product, [](const Product<T>& part) { part.by_blas(); });
  }
}

void check_product(std::size_t m, std::size_t n, std::size_t k, std::size_t lda, std::size_t ldb,
                   std::size_t ldc) {
  for (const std::size_t extent : {m, n, k, lda, ldb, ldc}) blas_extent("matrix product", extent);
}

template void gemm<float>(bool, bool, std::size_t, std::size_t, std::size_t, float, const float*, std::size_t,
                          const float*, std::size_t, float, float*, std::size_t);
template void gemm<double>(bool, bool, std::size_t, std::size_t, std::size_t, double, const double*,
                           std::size_t, const double*, std::size_t, double, double*, std::size_t);

}  // namespace xgrad::kernels
