#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/blas.hpp>
#include <autodiff/kernels/blas_extent.hpp>
#include <autodiff/kernels/fork.hpp>
#include <autodiff/kernels/lapack.hpp>
#include <autodiff/kernels/transpose.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace xgrad::kernels {
namespace {

/// The argument for an extent of the LAPACK call that follows.
int as_int(std::size_t extent) {
  before_blas();
  return blas_extent("linear algebra", extent);
}

/// Calls `function(work, size)` with the workspace that it needs, whose size it returns in a first call with
/// size -1. A float may have rounded this size down.
template <class T, class F>
void with_work_space(F&& function) {
  T answer{};
  function(&answer, -1);
  const double entries = static_cast<double>(answer) * (1 + std::numeric_limits<T>::epsilon());
  std::vector<T> work(static_cast<std::size_t>(std::ceil(std::max(entries, 1.0))));
  function(work.data(), as_int(work.size()));
}

template <class T>
bool all_finite(const T* entries, std::size_t count) {
  return std::all_of(entries, entries + count, [](T entry) { return std::isfinite(entry); });
}

}  // namespace

template <class T>
int lu(std::size_t n, T* a, int* pivots) {
  if (!all_finite(a, n * n)) {  // the search for pivots is not reliable with NaN
    std::fill_n(a, n * n, std::numeric_limits<T>::quiet_NaN());
    for (std::size_t i = 0; i < n; ++i) pivots[i] = as_int(i) + 1;
    return 0;
  }
  if (n == 0) return 0;
  const int extent = as_int(n);
  return cxxlapack::getrf(extent, extent, a, extent, pivots);
}

template <class T>
void lu_solve(bool transpose, std::size_t n, std::size_t k, const T* factors, const int* pivots, T* b) {
  if (n == 0 || k == 0) return;
  const int extent = as_int(n);
  const int columns = as_int(k);
  const char trans = transpose ? 'N' : 'T';  // they are factors of A^T
  if (k == 1) {
    cxxlapack::getrs(trans, extent, columns, factors, extent, pivots, b, extent);
    return;
  }
  std::vector<T> across(n * k);
  transpose_block(b, k, n, k, across.data(), n);
  cxxlapack::getrs(trans, extent, columns, factors, extent, pivots, across.data(), extent);
  transpose_block(across.data(), n, k, n, b, k);
}

template <class T>
void lu_invert(std::size_t n, T* factors, const int* pivots) {
  if (n == 0) return;
  const int extent = as_int(n);
  with_work_space<T>(
      [&](T* work, int size) { cxxlapack::getri(extent, factors, extent, pivots, work, size); });
}

template <class T>
void solve_triangular(bool lower, bool transpose, bool unit_diagonal, std::size_t n, std::size_t k,
                      const T* a, T* b) {
  if (n == 0 || k == 0) return;
  cxxblas::trsm(cxxblas::RowMajor, cxxblas::Left, lower ? cxxblas::Lower : cxxblas::Upper,
                transpose ? cxxblas::Trans : cxxblas::NoTrans,
                unit_diagonal ? cxxblas::Unit : cxxblas::NonUnit, as_int(n), as_int(k), T(1), a, as_int(n), b,
                as_int(k));
}

template <class T>
int cholesky(std::size_t n, T* a) {
  if (n == 0) return 0;
  const int extent = as_int(n);
  const int info = cxxlapack::potrf('U', extent, a, extent);
  if (info != 0) return info;
  for (std::size_t i = 0; i < n; ++i) {
    if (!(a[i * n + i] > T(0))) return as_int(i) + 1;  // some implementations do not detect NaN
    std::fill(a + i * n + i + 1, a + (i + 1) * n, T(0));
  }
  return 0;
}

template <class T>
void qr(std::size_t m, std::size_t n, T* a, T* r) {
  if (n == 0) return;
  const int rows = as_int(m);
  const int columns = as_int(n);
  std::vector<T> reflections(n);
  with_work_space<T>([&](T* work, int size) {
    cxxlapack::gelqf(columns, rows, a, columns, reflections.data(), work, size);
  });
  for (std::size_t i = 0; i < n; ++i) {
    std::fill_n(r + i * n, i, T(0));
    std::copy(a + i * n + i, a + (i + 1) * n, r + i * n + i);
  }
  with_work_space<T>([&](T* work, int size) {
    cxxlapack::orglq(columns, rows, columns, a, columns, reflections.data(), work, size);
  });
}

template <class T>
int eigh(std::size_t n, T* a, T* values) {
  for (std::size_t i = 0; i < n; ++i) {
    if (!all_finite(a + i * n, i + 1)) return not_finite;
  }
  if (n == 0) return 0;
  const int extent = as_int(n);
  int info = 0;
  const int integers_size = as_int(3 + 5 * n);
  std::vector<int> integers(3 + 5 * n);
  with_work_space<T>([&](T* work, int size) {
    info = cxxlapack::syevd('V', 'U', extent, a, extent, values, work, size, integers.data(), integers_size);
  });
  const std::vector<T> vectors(a, a + n * n);  // one per row
  transpose_block(vectors.data(), n, n, n, a, n);
  return info;
}

template <class T>
int svd(std::size_t m, std::size_t n, T* a, T* u, T* s, T* vt) {
  if (!all_finite(a, m * n)) return not_finite;
  if (m == 0 || n == 0) return 0;
  const int rows = as_int(m);
  const int columns = as_int(n);
  const int rank = std::min(rows, columns);
  int info = 0;
  std::vector<int> integers(8 * static_cast<std::size_t>(rank));
  with_work_space<T>([&](T* work, int size) {  // A^T = V S U^T
    info = cxxlapack::gesdd('S', columns, rows, a, columns, s, vt, columns, u, rank, work, size,
                            integers.data());
  });
  return info;
}

#define XGRAD_INSTANTIATE(T)                                                                   \
  template int lu<T>(std::size_t, T*, int*);                                                   \
  template void lu_solve<T>(bool, std::size_t, std::size_t, const T*, const int*, T*);         \
  template void lu_invert<T>(std::size_t, T*, const int*);                                     \
  template void solve_triangular<T>(bool, bool, bool, std::size_t, std::size_t, const T*, T*); \
  template int cholesky<T>(std::size_t, T*);                                                   \
  template void qr<T>(std::size_t, std::size_t, T*, T*);                                       \
  template int eigh<T>(std::size_t, T*, T*);                                                   \
  template int svd<T>(std::size_t, std::size_t, T*, T*, T*, T*);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::kernels
