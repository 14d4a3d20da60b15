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

/// The share of the largest singular value, or pivot, below which another counts as 0.
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

/// Throws where a pivot of R is negligible beside the largest.
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

/// How often each matrix is halved before Pade's approximant: until its 1-norm, the largest sum of the
/// absolute values of a column, is at most 5.37. A norm that is not finite asks for none.
template <class T>
std::vector<int> halvings(const Array<T>& a) {
  const std::size_t n = columns_of(a.shape());
  std::vector<int> result(element_count(batch_of(a.shape())));
  std::vector<T> sums(n);
  for (std::size_t i = 0; i < result.size(); ++i) {
    std::fill(sums.begin(), sums.end(), T(0));
    for (std::size_t at = 0; at < n * n; ++at) sums[at % n] += std::abs(a.data()[i * n * n + at]);
    T norm = 0;
    for (const T sum : sums) norm = sum > norm || std::isnan(sum) ? sum : norm;
    if (std::isfinite(norm) && norm > T(5.37)) result[i] = std::ilogb(norm / T(5.37)) + 1;
  }
  return result;
}

/// (V - U)^-1 (V + U), where U and V are the odd and the even part of the numerator of Pade's approximant of
/// degree 13 of the exponential: exact to double precision for norms up to 5.37.
template <class T>
Variable<T> pade(const Variable<T>& a) {
  constexpr T b[] = {T(64764752532480000.0),
                     T(32382376266240000.0),
                     T(7771770303897600.0),
                     T(1187353796428800.0),
                     T(129060195264000.0),
                     T(10559470521600.0),
                     T(670442572800.0),
                     T(33522128640.0),
                     T(1323241920.0),
                     T(40840800.0),
                     T(960960.0),
                     T(16380.0),
                     T(182.0),
                     T(1.0)};
  const std::size_t n = columns_of(a.shape());
  const Variable<T> one = constant(detail::identities<T>(Shape{n, n}));
  const Variable<T> a2 = matmul(a, a);
  const Variable<T> a4 = matmul(a2, a2);
  const Variable<T> a6 = matmul(a4, a2);
  const Variable<T> odd =
      matmul(a6, b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one;
  const Variable<T> u = matmul(a, odd);
  const Variable<T> v =
      matmul(a6, b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one;
  return solve(v - u, v + u);
}

}  // namespace

template <class T>
Variable<T> pinv(const Variable<T>& a, std::optional<double> rcond) {
  detail::check_matrices("pinv", a.shape());
  const T threshold =
      rcond ? static_cast<T>(*rcond) : negligible<T>(rows_of(a.shape()), columns_of(a.shape()));
  // For P, of d P = -P dA P + P P^T dA^T (I - A P) + (I - P A) dA^T P^T P (Golub and Pereyra, 1973).
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

template <class T>
Variable<T> expm(const Variable<T>& a) {
  detail::check_square("expm", a.shape());
  // A matrix that is halved more often than it needs loses digits, so that each is halved as often as it
  // would be alone.
  return detail::by_kind<T>(halvings(a.value()), {a}, [](const auto& matrices, int squarings) {
    const Variable<T>& part = matrices.front();
    Variable<T> result = pade(squarings == 0 ? part : part * std::ldexp(T(1), -squarings));
    for (int i = 0; i < squarings; ++i) result = matmul(result, result);
    return result;
  });
}

#define XGRAD_INSTANTIATE(T)                                                     \
  template Variable<T> pinv<T>(const Variable<T>&, std::optional<double>);       \
  template Variable<T> detail::lstsq<T>(const Variable<T>&, const Variable<T>&); \
  template Variable<T> expm<T>(const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
