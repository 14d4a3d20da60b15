#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/blas_extent.hpp>
#include <autodiff/kernels/lapack.hpp>
#include <autodiff/kernels/transpose.hpp>

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

// LAPACK's own symbols, as Fortran compilers make them: everything by address, and the lengths of the strings
// last. Headers for them come with some implementations only.
#define XGRAD_LAPACK(T, p)                                                                                   \
  void p##getrf_(const int* m, const int* n, T* a, const int* lda, int* pivots, int* info);                  \
  void p##getrs_(const char* trans, const int* n, const int* k, const T* a, const int* lda,                  \
                 const int* pivots, T* b, const int* ldb, int* info, std::size_t);                           \
  void p##getri_(const int* n, T* a, const int* lda, const int* pivots, T* work, const int* size,            \
                 int* info);                                                                                 \
  void p##potrf_(const char* uplo, const int* n, T* a, const int* lda, int* info, std::size_t);              \
  void p##gelqf_(const int* m, const int* n, T* a, const int* lda, T* tau, T* work, const int* size,         \
                 int* info);                                                                                 \
  void p##orglq_(const int* m, const int* n, const int* k, T* a, const int* lda, const T* tau, T* work,      \
                 const int* size, int* info);                                                                \
  void p##syevd_(const char* job, const char* uplo, const int* n, T* a, const int* lda, T* w, T* work,       \
                 const int* size, int* integers, const int* integers_size, int* info, std::size_t,           \
                 std::size_t);                                                                               \
  void p##gesdd_(const char* job, const int* m, const int* n, T* a, const int* lda, T* s, T* u,              \
                 const int* ldu, T* vt, const int* ldvt, T* work, const int* size, int* integers, int* info, \
                 std::size_t);

extern "C" {
XGRAD_LAPACK(float, s)
XGRAD_LAPACK(double, d)
}
#undef XGRAD_LAPACK

namespace xgrad::kernels {
namespace {

/// LAPACK's functions for a precision.
template <class T>
struct Lapack;

#define XGRAD_LAPACK(T, p)                        \
  template <>                                     \
  struct Lapack<T> {                              \
    static constexpr auto getrf = p##getrf_;      \
    static constexpr auto getrs = p##getrs_;      \
    static constexpr auto getri = p##getri_;      \
    static constexpr auto potrf = p##potrf_;      \
    static constexpr auto gelqf = p##gelqf_;      \
    static constexpr auto orglq = p##orglq_;      \
    static constexpr auto syevd = p##syevd_;      \
    static constexpr auto gesdd = p##gesdd_;      \
    static constexpr auto trsm = cblas_##p##trsm; \
  };
XGRAD_LAPACK(float, s)
XGRAD_LAPACK(double, d)
#undef XGRAD_LAPACK

int as_int(std::size_t extent) { return blas_extent("linear algebra", extent); }

/// Calls `function(work, size)` with the room for its work that it asks for, which it tells when called with
/// size -1. A float may have rounded the answer down.
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
  if (!all_finite(a, n * n)) {  // the search for pivots would go astray among NaNs
    std::fill_n(a, n * n, std::numeric_limits<T>::quiet_NaN());
    for (std::size_t i = 0; i < n; ++i) pivots[i] = as_int(i) + 1;
    return 0;
  }
  if (n == 0) return 0;
  const int extent = as_int(n);
  int info = 0;
  Lapack<T>::getrf(&extent, &extent, a, &extent, pivots, &info);
  return info;
}

template <class T>
void lu_solve(bool transpose, std::size_t n, std::size_t k, const T* factors, const int* pivots, T* b) {
  if (n == 0 || k == 0) return;
  const int extent = as_int(n);
  const int columns = as_int(k);
  const char* trans = transpose ? "N" : "T";  // they are factors of A^T
  int info = 0;
  if (k == 1) {
    Lapack<T>::getrs(trans, &extent, &columns, factors, &extent, pivots, b, &extent, &info, 1);
    return;
  }
  std::vector<T> across(n * k);
  transpose_block(b, k, n, k, across.data(), n);
  Lapack<T>::getrs(trans, &extent, &columns, factors, &extent, pivots, across.data(), &extent, &info, 1);
  transpose_block(across.data(), n, k, n, b, k);
}

template <class T>
void lu_invert(std::size_t n, T* factors, const int* pivots) {
  if (n == 0) return;
  const int extent = as_int(n);
  int info = 0;
  with_work_space<T>(
      [&](T* work, int size) { Lapack<T>::getri(&extent, factors, &extent, pivots, work, &size, &info); });
}

template <class T>
void solve_triangular(bool lower, bool transpose, bool unit_diagonal, std::size_t n, std::size_t k,
                      const T* a, T* b) {
  if (n == 0 || k == 0) return;
  Lapack<T>::trsm(CblasRowMajor, CblasLeft, lower ? CblasLower : CblasUpper,
                  transpose ? CblasTrans : CblasNoTrans, unit_diagonal ? CblasUnit : CblasNonUnit, as_int(n),
                  as_int(k), T(1), a, as_int(n), b, as_int(k));
}

template <class T>
int cholesky(std::size_t n, T* a) {
  if (n == 0) return 0;
  const int extent = as_int(n);
  int info = 0;
  Lapack<T>::potrf("U", &extent, a, &extent, &info, 1);
  if (info != 0) return info;
  for (std::size_t i = 0; i < n; ++i) {
    if (!(a[i * n + i] > T(0))) return as_int(i) + 1;  // some implementations let NaN pass
    std::fill(a + i * n + i + 1, a + (i + 1) * n, T(0));
  }
  return 0;
}

template <class T>
void qr(std::size_t m, std::size_t n, T* a, T* r) {
  if (n == 0) return;
  const int rows = as_int(m);
  const int columns = as_int(n);
  int info = 0;
  std::vector<T> reflections(n);
  with_work_space<T>([&](T* work, int size) {
    Lapack<T>::gelqf(&columns, &rows, a, &columns, reflections.data(), work, &size, &info);
  });
  for (std::size_t i = 0; i < n; ++i) {
    std::fill_n(r + i * n, i, T(0));
    std::copy(a + i * n + i, a + (i + 1) * n, r + i * n + i);
  }
  with_work_space<T>([&](T* work, int size) {
    Lapack<T>::orglq(&columns, &rows, &columns, a, &columns, reflections.data(), work, &size, &info);
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
    Lapack<T>::syevd("V", "U", &extent, a, &extent, values, work, &size, integers.data(), &integers_size,
                     &info, 1, 1);
  });
  const std::vector<T> vectors(a, a + n * n);  // one a row
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
    Lapack<T>::gesdd("S", &columns, &rows, a, &columns, s, vt, &columns, u, &rank, work, &size,
                     integers.data(), &info, 1);
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
