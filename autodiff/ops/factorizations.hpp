#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Factorisations of matrices. Leading axes are a batch. The factors are read by a structured binding: `const
/// auto [q, r] = qr(a);`. As in every library, the derivatives of factors whose signs are arbitrary (q, r,
/// eigenvectors, singular vectors) are those for the signs that were computed.

namespace xgrad {

/// A = Q R.
template <class T>
struct QrFactors {
  Variable<T> q;  ///< Q {..., m, k}, with orthonormal columns
  Variable<T> r;  ///< R {..., k, n}, upper triangular
};

/// A = V diag(values) V^T.
template <class T>
struct EighFactors {
  Variable<T> values;   ///< the eigenvalues {..., n}, ascending
  Variable<T> vectors;  ///< V {..., n, n}, whose columns are the orthonormal eigenvectors
};

/// A = U diag(s) V^T.
template <class T>
struct SvdFactors {
  Variable<T> u;   ///< U {..., m, k}, whose columns are the left singular vectors
  Variable<T> s;   ///< the singular values {..., k}, descending
  Variable<T> vt;  ///< V^T {..., k, n}, whose rows are the right singular vectors
};

/// The lower triangular L with a positive diagonal for which A = L L^T, for a symmetric, positive definite A
/// {..., n, n}. Only the lower triangle of A is read; the gradient is symmetric nevertheless, as in PyTorch
/// and JAX: it is the gradient with respect to symmetric matrices, in which a change of an entry is shared
/// with its mirror image. Throws ShapeError for matrices that are not square and LinearAlgebraError for one
/// that is not positive definite.
template <class T>
XGRAD_API Variable<T> cholesky(const Variable<T>& a);

/// Q {..., m, k} with orthonormal columns and the upper triangular R {..., k, n}, k = min(m, n): NumPy's
/// `reduced` mode, with LAPACK's signs. Gradients require that the first k columns of A are independent;
/// otherwise the pullback throws LinearAlgebraError. Throws ShapeError for an array that is not a matrix.
template <class T>
XGRAD_API QrFactors<T> qr(const Variable<T>& a);

/// The eigenvalues {..., n}, ascending, of symmetric matrices {..., n, n}, and their eigenvectors, the
/// columns of {..., n, n}. Only the lower triangle is read; the gradient is the one with respect to symmetric
/// matrices, as for `cholesky`. Gradients of the eigenvalues alone always exist; those of the eigenvectors,
/// and second derivatives, are infinite or NaN if eigenvalues are equal. Throws ShapeError for matrices that
/// are not square and LinearAlgebraError for NaN or infinity, or if LAPACK's iteration does not converge.
template <class T>
XGRAD_API EighFactors<T> eigh(const Variable<T>& a);

/// U {..., m, k}, the singular values {..., k}, descending, and V^T {..., k, n}, k = min(m, n): NumPy's svd
/// with full_matrices=False. Gradients of the singular values alone exist even if some are equal (and, by
/// convention, if some are 0); those of U and V, and second derivatives, are then infinite or NaN. Throws
/// ShapeError for an array that is not a matrix and LinearAlgebraError for NaN or infinity, or if LAPACK's
/// iteration does not converge.
template <class T>
XGRAD_API SvdFactors<T> svd(const Variable<T>& a);

}  // namespace xgrad
