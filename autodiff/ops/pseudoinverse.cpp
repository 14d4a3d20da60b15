#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/gemm.hpp>
#include <autodiff/kernels/lapack.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/matrices.hpp>
#include <autodiff/ops/factorizations.hpp>
#include <autodiff/ops/linalg.hpp>
#include <autodiff/ops/pseudoinverse.hpp>
#include <autodiff/ops/solve.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace xgrad {

using detail::batch_of;
using detail::columns_of;
using detail::rows_of;
using detail::transposed;

namespace {

/// The fraction of the largest singular value, or pivot, up to which another one counts as 0.
template <class T>
T negligible(std::size_t m, std::size_t n) {
  return static_cast<T>(std::max(m, n)) * std::numeric_limits<T>::epsilon();
}

template <class T>
Array<T> pseudoinverses(const Array<T>& a, T threshold) {
  const std::size_t m = rows_of(a.shape());
  const std::size_t n = columns_of(a.shape());
  const std::size_t k = std::min(m, n);
  const Shape batch = batch_of(a.shape());
  Array<T> result(detail::matrices(batch, n, m));
  std::vector<T> u(m * k);
  std::vector<T> s(k);
  std::vector<T> vt(k * n);
  const std::size_t count = element_count(batch);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<T> matrix(a.data() + i * m * n, a.data() + (i + 1) * m * n);
    detail::check_converged("pinv", a.shape(), i,
                            kernels::svd(m, n, matrix.data(), u.data(), s.data(), vt.data()));
    for (std::size_t row = 0; row < k; ++row) {
      const T factor = s[row] > threshold * s[0] ? 1 / s[row] : T(0);
      for (std::size_t j = 0; j < n; ++j) vt[row * n + j] *= factor;
    }
    kernels::gemm<T>(true, true, n, m, k, T(1), vt.data(), n, u.data(), k, T(0), result.data() + i * m * n,
                     m);
  }
  return result;
}

/// Throws LinearAlgebraError if a pivot of R is negligible compared to the largest.
template <class T>
void require_independent_columns(const Shape& shape, const Array<T>& r) {
  const std::size_t n = columns_of(r.shape());
  const std::size_t count = element_count(batch_of(r.shape()));
  for (std::size_t i = 0; i < count; ++i) {
    const T* matrix = r.data() + i * n * n;
    T largest = 0;
    for (std::size_t j = 0; j < n; ++j) largest = std::max(largest, std::abs(matrix[j * n + j]));
    for (std::size_t j = 0; j < n; ++j) {
      if (!(std::abs(matrix[j * n + j]) <= negligible<T>(rows_of(shape), n) * largest)) continue;
      detail::throw_unfit("lstsq", shape, i, fmt::format("has dependent columns: pivot {} is negligible", j));
    }
  }
}

}  // namespace

template <class T>
Variable<T> pinv(const Variable<T>& a, std::optional<double> rcond) {
  detail::check_matrices("pinv", a.shape());
  const T threshold =
      rcond ? static_cast<T>(*rcond) : negligible<T>(rows_of(a.shape()), columns_of(a.shape()));
  // The pullback follows from dP = -P dA P + P P^T dA^T (I - A P) + (I - P A) dA^T P^T P (Golub and Pereyra,
  // 1973).
  return operation("pinv", pseudoinverses(a.value(), threshold),
                   {a, [a](const Variable<T>& g, const Variable<T>& y) {
                      const Variable<T> y_across = transposed(y);
                      const Variable<T> g_across = transposed(g);
                      const Variable<T> left = matmul(matmul(g_across, y), y_across);
                      const Variable<T> right = matmul(y_across, matmul(y, g_across));
                      return left - matmul(a, matmul(y, left)) + right - matmul(matmul(right, y), a) -
                             matmul(matmul(y_across, g), y_across);
                    }});
}

template <class T>
Variable<T> detail::lstsq(const Variable<T>& a, const Variable<T>& b) {
  check_matrices("lstsq", a.shape());
  const std::size_t m = rows_of(a.shape());
  const std::size_t n = columns_of(a.shape());
  if (m < n) {
    throw ShapeError(
        fmt::format("lstsq: A of shape {}; expected at least as many rows as columns", to_string(a.shape())));
  }
  check_right_side("lstsq", a.shape(), b.shape());
  const auto [q, r] = qr(a);
  require_independent_columns(a.shape(), r.value());
  if (b.dimension() > 1) return xgrad::solve_triangular(r, matmul(transposed(q), b));
  return drop_column(xgrad::solve_triangular(r, matmul(transposed(q), as_column(b))));
}

#define XGRAD_INSTANTIATE(T)                                               \
  template Variable<T> pinv<T>(const Variable<T>&, std::optional<double>); \
  template Variable<T> detail::lstsq<T>(const Variable<T>&, const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
