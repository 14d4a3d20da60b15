#include <autodiff/kernels/gemm.hpp>
#include <autodiff/kernels/onednn.hpp>

#include <cblas.h>

#include <algorithm>

namespace xgrad::kernels {
namespace {

void cblas_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, float alpha, const float* a,
                int lda, const float* b, int ldb, float beta, float* c, int ldc) {
  cblas_sgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

void cblas_gemm(CBLAS_TRANSPOSE ta, CBLAS_TRANSPOSE tb, int m, int n, int k, double alpha, const double* a,
                int lda, const double* b, int ldb, double beta, double* c, int ldc) {
  cblas_dgemm(CblasRowMajor, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
}

}  // namespace

template <class T>
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
          const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, T* c, std::size_t ldc) {
  if (m == 0 || n == 0) return;
  if (k == 0) {  // BLAS rejects the empty leading dimensions that come with it
    for (std::size_t i = 0; i < m; ++i) {
      std::transform(c + i * ldc, c + i * ldc + n, c + i * ldc,
                     [=](T v) { return beta == T(0) ? T(0) : beta * v; });
    }
    return;
  }
  if constexpr (std::is_same_v<T, float>) {
    if (onednn::gemm(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)) return;
  }
  const auto transposed = [](bool is) { return is ? CblasTrans : CblasNoTrans; };
  const auto as_int = [](std::size_t extent) { return static_cast<int>(extent); };
  cblas_gemm(transposed(transpose_a), transposed(transpose_b), as_int(m), as_int(n), as_int(k), alpha, a,
             as_int(lda), b, as_int(ldb), beta, c, as_int(ldc));
}

template void gemm<float>(bool, bool, std::size_t, std::size_t, std::size_t, float, const float*, std::size_t,
                          const float*, std::size_t, float, float*, std::size_t);
template void gemm<double>(bool, bool, std::size_t, std::size_t, std::size_t, double, const double*,
                           std::size_t, const double*, std::size_t, double, double*, std::size_t);

}  // namespace xgrad::kernels
