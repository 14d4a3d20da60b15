#pragma once

#include <cstddef>

/// \file
/// The product of two matrices: by BLAS, or by our own loops if an extent is small.
///
/// oneDNN is not used: on AVX, AVX2 and AVX-512 its product in float (dnnl_sgemm, and the matmul, inner
/// product and convolutions built on it; versions 2.6 to 3.7) points the stack pointer into the heap, in the
/// kernels that do not copy their operands, for more than 252 or 84 columns of A. The frame of a signal
/// handler then overwrites other data on the heap.

namespace xgrad::kernels {

/// C = alpha op(A) op(B) + beta C, where op transposes or not. op(A) is {m, k}, op(B) {k, n}, C {m, n}, all
/// row-major with the leading dimensions `lda`, `ldb`, `ldc`. C may be uninitialised if beta is 0. Throws
/// ShapeError for extents too large for BLAS: see check_product. If BLAS computes the product, its last bits
/// may depend on the number of threads.
template <class T>
void gemm(bool transpose_a, bool transpose_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
          const T* a, std::size_t lda, const T* b, std::size_t ldb, T beta, T* c, std::size_t ldc);

/// Throws ShapeError if an argument of a product is too large for BLAS. Call it before a parallel region that
/// calls gemm, because nothing may throw inside the region.
void check_product(std::size_t m, std::size_t n, std::size_t k, std::size_t lda, std::size_t ldb,
                   std::size_t ldc);

}  // namespace xgrad::kernels
