#pragma once

#include <autodiff/variable.hpp>

/// \file
/// The exponential of a matrix. Leading axes are a batch.

namespace xgrad {

/// The exponential I + A + A^2 / 2 + A^3 / 6 + ... of square matrices, by a Pade approximant of A / 2^s,
/// squared s times (N. Higham, The scaling and squaring method for the matrix exponential revisited, 2005). A
/// NaN or an infinity makes all entries NaN. Throws ShapeError for matrices that are not square.
template <class T>
XGRAD_API Variable<T> expm(const Variable<T>& a);

}  // namespace xgrad
