#pragma once

#include <autodiff/kernels/lapack.hpp>
#include <autodiff/operation.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/diagonals.hpp>
#include <autodiff/ops/gather.hpp>
#include <autodiff/ops/joining.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <vector>

/// \file
/// Shared by the operations on matrices, and on batches of them along leading axes. Private to their sources.

namespace xgrad::detail {

inline Shape batch_of(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }
inline std::size_t rows_of(const Shape& shape) { return shape[shape.size() - 2]; }
inline std::size_t columns_of(const Shape& shape) { return shape[shape.size() - 1]; }

/// The shape of a batch of matrices {m, n}.
inline Shape matrices(Shape batch, std::size_t m, std::size_t n) {
  batch.push_back(m);
  batch.push_back(n);
  return batch;
}

/// Throws ShapeError for an array that is not a matrix.
inline void check_matrices(const char* operation, const Shape& shape) {
  if (shape.size() >= 2) return;
  throw ShapeError(
      fmt::format("{}: an array of shape {}; expected a matrix, {{..., m, n}}", operation, to_string(shape)));
}

/// Throws ShapeError for an array that is not a square matrix.
inline void check_square(const char* operation, const Shape& shape) {
  if (shape.size() >= 2 && rows_of(shape) == columns_of(shape)) return;
  throw ShapeError(fmt::format("{}: an array of shape {}; expected a square matrix, {{..., n, n}}", operation,
                               to_string(shape)));
}

/// Throws LinearAlgebraError about matrix `index` of an array of this shape; `why` is the rest of the
/// sentence, such as "is singular".
[[noreturn]] inline void throw_unfit(const char* operation, const Shape& shape, std::size_t index,
                                     const std::string& why) {
  const Shape place = index_of(index, batch_of(shape));
  throw LinearAlgebraError(
      place.empty() ? fmt::format("{}: the matrix of shape {} {}", operation, to_string(shape), why)
                    : fmt::format("{}: matrix {} of an array of shape {} {}", operation, to_string(place),
                                  to_string(shape), why));
}

/// Throws ShapeError if b is not a right-hand side of A x = b: a vector, or matrices, with as many rows as A.
inline void check_right_side(const char* operation, const Shape& a, const Shape& b) {
  const std::size_t rows = rows_of(a);
  if (!b.empty() && b[b.size() == 1 ? 0 : b.size() - 2] == rows) return;
  throw ShapeError(
      fmt::format("{}: A {} and b {}; expected b to be a vector {{{}}} or matrices {{..., {}, k}}", operation,
                  to_string(a), to_string(b), rows, rows));
}

/// Throws LinearAlgebraError if the kernel for eigenvalues or singular values failed for matrix `index`.
inline void check_converged(const char* operation, const Shape& shape, std::size_t index, int info) {
  if (info == 0) return;
  throw_unfit(operation, shape, index,
              info == kernels::not_finite ? "contains NaN or infinity"
                                          : "has a factorisation for which LAPACK did not converge");
}

/// Identity matrices.
template <class T>
Array<T> identities(const Shape& shape) {
  Array<T> result = full<T>(shape, T(0));
  const std::size_t n = columns_of(shape);
  const std::size_t matrix = n * n;
  for (std::size_t begin = 0; begin < result.size(); begin += matrix) {
    for (std::size_t i = 0; i < n; ++i) result.data()[begin + i * n + i] = T(1);
  }
  return result;
}

template <class T>
Variable<T> transposed(const Variable<T>& x) {
  return swapaxes(x, -2, -1);
}

/// {..., n} as {..., 1, n}, which multiplies columns.
template <class T>
Variable<T> as_row(const Variable<T>& x) {
  return xgrad::expand_dims(x, -2);
}

/// {..., n} as {..., n, 1}, which multiplies rows.
template <class T>
Variable<T> as_column(const Variable<T>& x) {
  return xgrad::expand_dims(x, -1);
}

/// {..., n, 1} as {..., n}.
template <class T>
Variable<T> drop_column(const Variable<T>& x) {
  return xgrad::squeeze(x, -1);
}

/// f(inputs, kind) for a batch whose members need different computations: members of the same kind are
/// computed together, so that no result depends on the other members of the batch. The inputs and the result
/// of f have the axes of the batch and two more.
template <class T, class F>
Variable<T> by_kind(const std::vector<int>& kinds, const std::vector<Variable<T>>& inputs, const F& f) {
  std::vector<int> different = kinds;
  std::sort(different.begin(), different.end());
  different.erase(std::unique(different.begin(), different.end()), different.end());
  if (different.size() <= 1) return f(inputs, different.empty() ? 0 : different.front());

  std::vector<Variable<T>> flat;  // {members, m, n}
  for (const Variable<T>& x : inputs) {
    const Shape members{kinds.size(), rows_of(x.shape()), columns_of(x.shape())};
    flat.push_back(reshape(x, signed_shape(members)));
  }
  std::vector<Variable<T>> parts;
  Array<std::int64_t> place(Shape{kinds.size()});  // of each member in the concatenated parts
  std::int64_t placed = 0;
  for (const int kind : different) {
    std::vector<std::int64_t> members;
    for (std::size_t i = 0; i < kinds.size(); ++i) {
      if (kinds[i] != kind) continue;
      members.push_back(static_cast<std::int64_t>(i));
      place.data()[i] = placed++;
    }
    Array<std::int64_t> chosen(Shape{members.size()});
    std::copy(members.begin(), members.end(), chosen.begin());
    std::vector<Variable<T>> of_kind;
    for (const Variable<T>& x : flat) of_kind.push_back(detail::take(x, chosen, 0));
    parts.push_back(f(of_kind, kind));
  }
  const Variable<T> all = detail::take(concatenate(parts, 0), place, 0);
  return reshape(all, signed_shape(matrices(batch_of(inputs.front().shape()), rows_of(all.shape()),
                                            columns_of(all.shape()))));
}

/// The lower or upper triangles of square matrices, with 0 elsewhere, and also on the diagonal if `strict`.
template <class T>
Variable<T> triangle(const Variable<T>& x, bool lower, bool strict) {
  return lower ? xgrad::tril(x, strict ? -1 : 0) : xgrad::triu(x, strict ? 1 : 0);
}

/// The symmetric matrices with the lower triangles of x.
template <class T>
Variable<T> mirror_lower(const Variable<T>& x) {
  return triangle(x, true, false) + transposed(triangle(x, true, true));
}

}  // namespace xgrad::detail
