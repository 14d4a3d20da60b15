#pragma once

#include <cstddef>

/// \file
/// The product of two matrices: by oneDNN or BLAS, and by loops of our own where one of them is a vector.

namespace xgrad::kernels {

/// C = alpha op(A) op(B) + beta C, where op transposes or not: op(A) is {m, k}, op(B) {k, n}, C {m, n}, all
/// row-major, each with the distance from one row to the next in memory (`lda`, `ldb`, `ldc`). C need not be
/// set where beta is 0.
template <class T>
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
          const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, T* c, std::size_t ldc);

}  // namespace xgrad::kernels
