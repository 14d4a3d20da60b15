#pragma once

#include <cstddef>

/// \file
/// Factorisations of one matrix by LAPACK. Matrices are row-major and contiguous; extents may be 0. LAPACK is
/// column-major and thus sees the transpose; it computes the factorisation whose transpose is wanted, which
/// avoids most copies.
///
/// Extents too large for LAPACK throw ShapeError; nothing else throws. Functions that can fail return
/// LAPACK's `info`: 0 on success, i + 1 if pivot i fails, or `not_finite`.

namespace xgrad::kernels {

/// Returned by eigh and svd for NaN or infinite entries, for which LAPACK's iteration might not end.
inline constexpr int not_finite = -1;

/// The factors P L U of a matrix {n, n} (actually of its transpose, see above), in place, and the n pivots.
/// Returns i + 1 if pivot i is the first zero pivot; the factors are complete nevertheless. A NaN or infinite
/// entry makes all factors NaN.
template <class T>
int lu(std::size_t n, T* a, int* pivots);

/// Replaces b {n, k} by A^-1 b, or by A^-T b if `transpose`, for the A with these factors.
template <class T>
void lu_solve(bool transpose, std::size_t n, std::size_t k, const T* factors, const int* pivots, T* b);

/// Replaces the factors of a non-singular A by A^-1.
template <class T>
void lu_invert(std::size_t n, T* factors, const int* pivots);

/// Replaces b {n, k} by A^-1 b, or by A^-T b if `transpose`, for a triangular A {n, n}. The other triangle is
/// not read, nor is a unit diagonal. Does not check for zeros on the diagonal.
template <class T>
void solve_triangular(bool lower, bool transpose, bool unit_diagonal, std::size_t n, std::size_t k,
                      const T* a, T* b);

/// Replaces A {n, n}, whose upper triangle is not read, by the lower triangular L with A = L L^T. Returns
/// i + 1 if pivot i is the first that is not positive (or is NaN).
template <class T>
int cholesky(std::size_t n, T* a);

/// Replaces A {m, n}, m >= n, by Q {m, n}, and writes R {n, n} to r.
template <class T>
void qr(std::size_t m, std::size_t n, T* a, T* r);

/// The eigenvalues of a symmetric A {n, n}, ascending; A is replaced by its eigenvectors, one per column. The
/// upper triangle is not read. Returns a positive number if LAPACK's iteration does not converge.
template <class T>
int eigh(std::size_t n, T* a, T* values);

/// U {m, k}, the k = min(m, n) singular values, descending, and V^T {k, n} of A {m, n}, which is overwritten.
/// Returns a positive number if LAPACK's iteration does not converge.
template <class T>
int svd(std::size_t m, std::size_t n, T* a, T* u, T* s, T* vt);

}  // namespace xgrad::kernels
