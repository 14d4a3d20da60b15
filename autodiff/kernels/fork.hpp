#pragma once

/// \file
/// What becomes of OpenMP's threads in a child of fork().

namespace xgrad::kernels {

/// To be called before BLAS or LAPACK. LLVM's OpenMP forgets in a child what locks its parent had made, and
/// OpenBLAS goes on taking one where several threads share a product: there, every thread of the child
/// computes alone.
void before_blas();

}  // namespace xgrad::kernels
