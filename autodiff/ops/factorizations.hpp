#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Factorisations of matrices. Leading axes are a batch. Each result comes with a structured binding:
/// `const auto [q, r] = qr(a);`. As in every library, derivatives by factors whose signs are free (q, r and
/// eigenvectors, singular vectors) are those for the signs that came.

namespace xgrad {

/// A = Q R.
template <class T>
struct QrFactors {
  Variable<T> q;
  Variable<T> r;
};

/// A = V diag(values) V^T.
template <class T>
struct EighFactors {
  Variable<T> values;
  Variable<T> vectors;
};

/// A = U diag(s) V^T.
template <class T>
struct SvdFactors {
  Variable<T> u;
  Variable<T> s;
  Variable<T> vt;
};

/// The lower triangular L, with a positive diagonal, for which A = L L^T; A {..., n, n} is symmetric and
/// positive definite. Only the lower triangle of A is read; the gradient is symmetric nevertheless, as
/// PyTorch's and JAX's: it is the one by symmetric matrices, where a change of an entry is shared with the
/// entry across. Throws ShapeError for matrices that are not square and LinearAlgebraError for one that is
/// not positive definite.
template <class T>
XGRAD_API Variable<T> cholesky(const Variable<T>& a);

/// Q {..., m, k} with orthonormal columns and the upper triangular R {..., k, n}, k = min(m, n): NumPy's
/// `reduced` form, with the signs that LAPACK gives. The first k columns of A must be independent where
/// gradients are wanted: otherwise the pullback throws LinearAlgebraError. Throws ShapeError for an array
/// that is no matrix.
template <class T>
XGRAD_API QrFactors<T> qr(const Variable<T>& a);

/// The eigenvalues {..., n}, ascending, of symmetric matrices {..., n, n}, and their eigenvectors, the
/// columns of {..., n, n}. Only the lower triangle is read; the gradient is the one by symmetric matrices, as
/// for `cholesky`. Gradients of the eigenvalues alone always exist; those of the eigenvectors, and second
/// derivatives, are infinite or NaN where eigenvalues are equal. Throws ShapeError for matrices that are not
/// square and LinearAlgebraError for NaN or infinity, or where LAPACK's iteration does not converge.
template <class T>
XGRAD_API EighFactors<T> eigh(const Variable<T>& a);

/// U {..., m, k}, the singular values {..., k}, descending, and V^T {..., k, n}, k = min(m, n): NumPy's svd
/// with full_matrices=False. Gradients of the singular values alone exist also where some are equal (and, by
/// convention, where some are 0); those of U and V, and second derivatives, are infinite or NaN there. Throws
/// ShapeError for an array that is no matrix and LinearAlgebraError for NaN or infinity, or where LAPACK's
/// iteration does not converge.
template <class T>
XGRAD_API SvdFactors<T> svd(const Variable<T>& a);

}  // namespace xgrad
