#pragma once

#include <cstddef>

/// \file
/// Factorisations of one matrix by LAPACK. Matrices are row-major, one after the other in memory; extents may
/// be 0. LAPACK reads columns first and thus sees the transpose; the factorisation that it is asked for is
/// the one whose transpose is wanted, so that only what is said to be transposed is moved.
///
/// Extents beyond what LAPACK takes throw ShapeError, and nothing else does. The functions that can fail
/// return LAPACK's `info`: 0 where all went well, i + 1 where pivot i is at fault, or `not_finite`.

namespace xgrad::kernels {

/// What eigh and svd return for entries that are NaN or infinite; LAPACK's own iteration might not end.
inline constexpr int not_finite = -1;

/// P L U of a matrix {n, n} (its transpose in truth, see above), in its place, and the n pivots. Returns i +
/// 1 where pivot i is the first that is zero; the factors are complete nevertheless. NaN or infinity anywhere
/// makes all factors NaN.
template <class T>
int lu(std::size_t n, T* a, int* pivots);

/// b {n, k} becomes A^-1 b, or A^-T b, for the A whose factors these are.
template <class T>
void lu_solve(bool transpose, std::size_t n, std::size_t k, const T* factors, const int* pivots, T* b);

/// The factors, of a regular matrix, become A^-1.
template <class T>
void lu_invert(std::size_t n, T* factors, const int* pivots);

/// b {n, k} becomes A^-1 b, or A^-T b, for a triangular A {n, n}, of which the other triangle is not read,
/// nor, for a unit diagonal, the diagonal. Does not look for zeros.
template <class T>
void solve_triangular(bool lower, bool transpose, bool unit_diagonal, std::size_t n, std::size_t k,
                      const T* a, T* b);

/// The lower L with A = L L^T in the place of A {n, n}, whose upper triangle is not read. Returns i + 1 where
/// pivot i is the first that is not positive (or NaN).
template <class T>
int cholesky(std::size_t n, T* a);

/// A {m, n}, m >= n, becomes Q {m, n}, and r {n, n} is R.
template <class T>
void qr(std::size_t m, std::size_t n, T* a, T* r);

/// The eigenvalues of a symmetric A {n, n}, ascending; the columns of A become its eigenvectors. The upper
/// triangle is not read. Returns more than 0 where LAPACK's iteration does not converge.
template <class T>
int eigh(std::size_t n, T* a, T* values);

/// U {m, k}, the k = min(m, n) singular values, descending, and V^T {k, n} of A {m, n}, which is overwritten.
/// Returns more than 0 where LAPACK's iteration does not converge.
template <class T>
int svd(std::size_t m, std::size_t n, T* a, T* u, T* s, T* vt);

}  // namespace xgrad::kernels
