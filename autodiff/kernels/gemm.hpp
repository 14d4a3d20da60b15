#pragma once

#include <cstddef>

/// \file
/// The product of two matrices: by BLAS, and by loops of our own where an extent is small.
///
/// Not by oneDNN: its product in float (dnnl_sgemm, and matmul, inner product and convolutions that are made
/// of it) points the stack pointer into the heap on AVX, AVX2 and AVX-512 (the kernels that do not copy their
/// operands, for more than 252 or 84 columns of A; 2.6 to 3.7). A signal's frame then overwrites
/// other data on the heap.

namespace xgrad::kernels {

/// C = alpha op(A) op(B) + beta C, where op transposes or not: op(A) is {m, k}, op(B) {k, n}, C {m, n}, all
/// row-major, each with the distance from one row to the next in memory (`lda`, `ldb`, `ldc`). C need not be
/// set where beta is 0. Throws ShapeError for extents that BLAS cannot take: see check_product. Where BLAS
/// computes it, its last bits may depend on the number of threads.
template <class T>
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
          const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, T* c, std::size_t ldc);

/// Throws ShapeError where an argument of a product is more than BLAS takes. Who calls gemm in a parallel
/// region, where nothing may throw, calls this before.
void check_product(std::size_t m, std::size_t n, std::size_t k, std::size_t lda, std::size_t ldb,
                   std::size_t ldc);

}  // namespace xgrad::kernels
