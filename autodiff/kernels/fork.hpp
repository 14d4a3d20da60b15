#pragma once

/// \file
/// OpenMP's threads in a child process of fork().

namespace xgrad::kernels {

/// Must be called before BLAS or LAPACK. In a child process, LLVM's OpenMP loses the locks that the parent
/// created, but OpenBLAS still takes one when several threads share a product; every thread of the child
/// therefore computes alone.
void before_blas();

}  // namespace xgrad::kernels
