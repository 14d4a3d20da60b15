#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/lapack.hpp>
#include <autodiff/kernels/transpose.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/matrices.hpp>
#include <autodiff/ops/detail/places.hpp>
#include <autodiff/ops/factorizations.hpp>
#include <autodiff/ops/joining.hpp>
#include <autodiff/ops/linalg.hpp>
#include <autodiff/ops/solve.hpp>

#include <memory>

namespace xgrad {

using detail::as_column;
using detail::as_row;
using detail::batch_of;
using detail::check_converged;
using detail::columns_of;
using detail::rows_of;
using detail::transposed;

namespace {

/// `count` rows of each matrix, from `start` on.
template <class T>
Variable<T> take_rows(const Variable<T>& x, std::size_t start, std::size_t count) {
  return detail::entries_at("view", x, detail::axis_range(x.shape(), x.dimension() - 2, start, count));
}

template <class T>
Variable<T> take_columns(const Variable<T>& x, std::size_t start, std::size_t count) {
  return detail::entries_at("view", x, detail::axis_range(x.shape(), x.dimension() - 1, start, count));
}

template <class T>
Variable<T> antisymmetric(const Variable<T>& x) {
  return x - transposed(x);
}

/// values_j - values_i at (i, j), and 1 on the diagonal: the divisor of an antisymmetric matrix.
template <class T>
Variable<T> differences(const Variable<T>& values) {
  const std::size_t n = values.shape().back();
  return as_row(values) - as_column(values) + detail::identities<T>(Shape{n, n});
}

/// Q above R in one array, for m >= n. With the cotangents G_Q and G_R and M = R G_R^T - G_Q^T Q, the
/// cotangent of A is (G_Q + Q S) R^-T, where S is the symmetric matrix with the lower triangle of M.
template <class T>
Variable<T> packed_qr(const Variable<T>& a) {
  const std::size_t m = rows_of(a.shape());
  const std::size_t n = columns_of(a.shape());
  Array<T> packed(detail::matrices(batch_of(a.shape()), m + n, n));
  const std::size_t count = element_count(batch_of(a.shape()));
  for (std::size_t i = 0; i < count; ++i) {
    T* q = packed.data() + i * (m + n) * n;
    std::copy_n(a.value().data() + i * m * n, m * n, q);
    kernels::qr(m, n, q, q + m * n);
  }
  return operation("qr", std::move(packed),
                   {a, [m, n](const Variable<T>& g, const Variable<T>& y) {
                      const Variable<T> q = take_rows(y, 0, m);
                      const Variable<T> r = take_rows(y, m, n);
                      const Variable<T> by_q = take_rows(g, 0, m);
                      const Variable<T> by_r = take_rows(g, m, n);
                      const Variable<T> lower = matmul(r, transposed(by_r)) - matmul(transposed(by_q), q);
                      const Variable<T> total = by_q + matmul(q, detail::mirror_lower(lower));
                      return transposed(solve_triangular(r, transposed(total)));
                    }});
}

template <class T>
using SharedArray = std::shared_ptr<const Array<T>>;

/// The eigenvalues as an operation separate from the eigenvectors: their pullback is V diag(g) V^T, without a
/// division by differences of eigenvalues, which only the pullback of the eigenvectors needs.
template <class T>
Variable<T> eigenvalues(const Variable<T>& a, const Variable<T>& vectors, const SharedArray<T>& values) {
  return operation("eigh_values", *values, {a, [vectors](const Variable<T>& g) {
                                              return matmul(vectors * as_row(g), transposed(vectors));
                                            }});
}

/// The singular values, likewise; `vectors` is U above V in one array. Their pullback is U diag(g) V^T.
template <class T>
Variable<T> singular_values(const Variable<T>& a, const Variable<T>& vectors, const SharedArray<T>& values) {
  return operation("svd_values", *values,
                   {a, [vectors, m = rows_of(a.shape()), n = columns_of(a.shape())](const Variable<T>& g) {
                      return matmul(take_rows(vectors, 0, m) * as_row(g),
                                    transposed(take_rows(vectors, m, n)));
                    }});
}

/// The cotangent of A for the cotangent g of U above V. In the space spanned by U and V it is K_U S + S K_V,
/// with K_U = (U^T G_U - G_U^T U) / E, E_ij = s_j^2 - s_i^2, and K_V alike; outside it, the part of G_U
/// orthogonal to U, divided by S, and likewise for V.
template <class T>
Variable<T> svd_pullback(const Variable<T>& g, const Variable<T>& packed, const Variable<T>& s, std::size_t m,
                         std::size_t n) {
  const Variable<T> u = take_rows(packed, 0, m);
  const Variable<T> v = take_rows(packed, m, n);
  const Variable<T> by_u = take_rows(g, 0, m);
  const Variable<T> by_v = take_rows(g, m, n);
  const Variable<T> u_by_u = matmul(transposed(u), by_u);
  const Variable<T> v_by_v = matmul(transposed(v), by_v);
  const Variable<T> e = differences(s * s);
  const Variable<T> inner =
      antisymmetric(u_by_u) / e * as_row(s) + as_column(s) * (antisymmetric(v_by_v) / e);
  Variable<T> result = matmul(matmul(u, inner), transposed(v));
  if (m > n) result = result + matmul((by_u - matmul(u, u_by_u)) / as_row(s), transposed(v));
  if (n > m) result = result + matmul(u, transposed((by_v - matmul(v, v_by_v)) / as_row(s)));
  return result;
}

}  // namespace

template <class T>
Variable<T> cholesky(const Variable<T>& a) {
  detail::check_square("cholesky", a.shape());
  const std::size_t n = columns_of(a.shape());
  Array<T> value = a.value();
  const std::size_t count = element_count(batch_of(a.shape()));
  for (std::size_t i = 0; i < count; ++i) {
    const int info = kernels::cholesky(n, value.data() + i * n * n);
    if (info == 0) continue;
    detail::throw_unfit("cholesky", a.shape(), i,
                        fmt::format("is not positive definite: pivot {} is not positive", info - 1));
  }
  // The pullback is L^-T S L^-1 / 2, where S is the symmetric matrix with the lower triangle of L^T G.
  return operation("cholesky", std::move(value), {a, [](const Variable<T>& g, const Variable<T>& y) {
                                                    const Triangular how{.lower = true, .transpose = true};
                                                    const auto s =
                                                        detail::mirror_lower(matmul(transposed(y), g));
                                                    const auto left = solve_triangular(y, s / 2, how);
                                                    return solve_triangular(y, transposed(left), how);
                                                  }});
}

template <class T>
QrFactors<T> qr(const Variable<T>& a) {
  detail::check_matrices("qr", a.shape());
  const std::size_t m = rows_of(a.shape());
  const std::size_t n = columns_of(a.shape());
  const std::size_t k = std::min(m, n);
  const Variable<T> packed = packed_qr(m < n ? take_columns(a, 0, k) : a);
  Variable<T> q = take_rows(packed, 0, m);
  Variable<T> r = take_rows(packed, m, k);
  if (m < n) {  // the other columns in the basis of the first ones
    const Variable<T> others = matmul(transposed(q), take_columns(a, k, n - k));
    r = concatenate(std::vector<Variable<T>>{r, others}, -1);
  }
  return {std::move(q), std::move(r)};
}

template <class T>
EighFactors<T> eigh(const Variable<T>& a) {
  detail::check_square("eigh", a.shape());
  const std::size_t n = columns_of(a.shape());
  Array<T> vectors = a.value();
  Shape shape = batch_of(a.shape());
  const std::size_t count = element_count(shape);
  shape.push_back(n);
  const auto values = std::make_shared<Array<T>>(shape);
  for (std::size_t i = 0; i < count; ++i) {
    check_converged("eigh", a.shape(), i,
                    kernels::eigh(n, vectors.data() + i * n * n, values->data() + i * n));
  }
  // The pullback is V K V^T, where K is the antisymmetric part of V^T G divided by the differences of the
  // eigenvalues.
  const auto pullback = [a, values](const Variable<T>& g, const Variable<T>& v) {
    const Variable<T> e = differences(eigenvalues<T>(a, v, values));
    const Variable<T> k = antisymmetric(matmul(transposed(v), g)) / 2 / e;
    return matmul(matmul(v, k), transposed(v));
  };
  Variable<T> result = operation("eigh_vectors", std::move(vectors), {a, pullback});
  Variable<T> eigen = eigenvalues<T>(a, result, values);
  return {std::move(eigen), std::move(result)};
}

template <class T>
SvdFactors<T> svd(const Variable<T>& a) {
  detail::check_matrices("svd", a.shape());
  const std::size_t m = rows_of(a.shape());
  const std::size_t n = columns_of(a.shape());
  const std::size_t k = std::min(m, n);
  Shape shape = batch_of(a.shape());
  const std::size_t count = element_count(shape);
  Array<T> packed(detail::matrices(shape, m + n, k));
  shape.push_back(k);
  const auto values = std::make_shared<Array<T>>(shape);
  std::vector<T> vt(k * n);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<T> matrix(a.value().data() + i * m * n, a.value().data() + (i + 1) * m * n);
    T* u = packed.data() + i * (m + n) * k;
    check_converged("svd", a.shape(), i,
                    kernels::svd(m, n, matrix.data(), u, values->data() + i * k, vt.data()));
    kernels::transpose_block(vt.data(), n, k, n, u + m * k, k);
  }
  const auto pullback = [a, values, m, n](const Variable<T>& g, const Variable<T>& y) {
    return svd_pullback(g, y, singular_values<T>(a, y, values), m, n);
  };
  const Variable<T> vectors = operation("svd_vectors", std::move(packed), {a, pullback});
  return {take_rows(vectors, 0, m), singular_values<T>(a, vectors, values),
          transposed(take_rows(vectors, m, n))};
}

#define XGRAD_INSTANTIATE(T)                            \
  template Variable<T> cholesky<T>(const Variable<T>&); \
  template QrFactors<T> qr<T>(const Variable<T>&);      \
  template EighFactors<T> eigh<T>(const Variable<T>&);  \
  template SvdFactors<T> svd<T>(const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
