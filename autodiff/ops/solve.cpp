#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/broadcast.hpp>
#include <autodiff/kernels/lapack.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/matrices.hpp>
#include <autodiff/ops/detail/places.hpp>
#include <autodiff/ops/factorizations.hpp>
#include <autodiff/ops/linalg.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/solve.hpp>

#include <cmath>
#include <memory>

namespace xgrad {

using detail::columns_of;
using detail::transposed;

namespace {

constexpr std::size_t regular = ~std::size_t{0};

/// The LU factors of a batch of matrices, kept from the forward pass for the pullbacks.
template <class T>
struct Lu {
  Array<T> factors;
  std::vector<int> pivots;
  std::vector<bool> is_singular;
  std::size_t singular = regular;  // the first singular matrix
  int info = 0;                    // LAPACK's info for that matrix

  explicit Lu(const Array<T>& a) : factors(a), pivots(count() * extent()), is_singular(count(), false) {
    for (std::size_t i = 0; i < count(); ++i) {
      const int failed = kernels::lu(extent(), matrix(i), pivots.data() + i * extent());
      is_singular[i] = failed != 0;
      if (failed == 0 || singular != regular) continue;
      singular = i;
      info = failed;
    }
  }

  std::size_t extent() const { return columns_of(factors.shape()); }
  std::size_t count() const { return element_count(detail::batch_of(factors.shape())); }
  T* matrix(std::size_t i) { return factors.data() + i * extent() * extent(); }
  const T* matrix(std::size_t i) const { return factors.data() + i * extent() * extent(); }
  const int* pivots_of(std::size_t i) const { return pivots.data() + i * extent(); }

  void require_regular(const char* operation) const {
    if (singular == regular) return;
    detail::throw_unfit(operation, factors.shape(), singular,
                        fmt::format("is singular: pivot {} is zero", info - 1));
  }
};

template <class T>
using SharedLu = std::shared_ptr<const Lu<T>>;

/// Copies b to the shape of the result, and calls `body(i, x)` for every matrix of the result: i is the index
/// of its matrix in `a`, and x the columns to solve for, in place.
template <class T, class Body>
Array<T> solve_batches(const char* operation, const Shape& a, const Array<T>& b, Body&& body) {
  const Shape batch_a = detail::batch_of(a);
  const Shape batch_b = detail::batch_of(b.shape());
  const Shape batch = broadcast_shape(operation, batch_a, batch_b);
  const std::size_t entries = columns_of(a) * columns_of(b.shape());
  Array<T> result(detail::matrices(batch, columns_of(a), columns_of(b.shape())));
  if (result.size() == 0) return result;
  const kernels::BroadcastLoop<2> loop(batch, {&batch_a, &batch_b});
  loop.for_rows(0, loop.rows, [&](std::size_t row, const std::array<std::size_t, 2>& offsets) {
    for (std::size_t i = 0; i < loop.inner; ++i) {
      T* x = result.data() + (row * loop.inner + i) * entries;
      std::copy_n(b.data() + (offsets[1] + i * loop.step[1]) * entries, entries, x);
      body(offsets[0] + i * loop.step[0], x);
    }
  });
  return result;
}

/// An operation with inputs a and b, whose cotangents are `both(g, y)`. If a is not recorded, only `by_b(g)`
/// is computed.
template <class T, class ByB, class Both>
Variable<T> declare_solve(const char* name, Array<T>&& value, const Variable<T>& a, const Variable<T>& b,
                          ByB&& by_b, Both&& both) {
  if (!detail::is_recorded(a.node().get())) {
    return operation(name, std::move(value), {b, std::forward<ByB>(by_b)});
  }
  return operation(name, std::move(value), std::vector<Variable<T>>{a, b}, std::forward<Both>(both));
}

/// The solution x of A x = b or A^T x = b, for matrices b. The cotangent B' of b solves the transposed
/// equations for the cotangent of x; the cotangent of A is -B' x^T (or its transpose).
template <class T>
Variable<T> solve_with(const SharedLu<T>& lu, const Variable<T>& a, const Variable<T>& b, bool transpose) {
  Array<T> value = solve_batches("solve", a.shape(), b.value(), [&](std::size_t i, T* x) {
    kernels::lu_solve(transpose, lu->extent(), columns_of(b.shape()), lu->matrix(i), lu->pivots_of(i), x);
  });
  const auto by_b = [lu, a, transpose, s = b.shape()](const Variable<T>& g) {
    return detail::sum_to(solve_with(lu, a, g, !transpose), s);
  };
  return declare_solve<T>(
      "solve", std::move(value), a, b, by_b,
      [lu, a, transpose, s = b.shape()](const Variable<T>& g, const Variable<T>& y) {
        const Variable<T> back = solve_with(lu, a, g, !transpose);
        const Variable<T> by_a = transpose ? matmul(y, transposed(back)) : matmul(back, transposed(y));
        return std::vector<Variable<T>>{detail::sum_to(-by_a, a.shape()), detail::sum_to(back, s)};
      });
}

/// The same for a triangular matrix, by substitution.
template <class T>
Variable<T> substitute(const Variable<T>& a, const Variable<T>& b, const Triangular& how) {
  Array<T> value = solve_batches("solve_triangular", a.shape(), b.value(), [&](std::size_t i, T* x) {
    const std::size_t n = columns_of(a.shape());
    kernels::solve_triangular(how.lower, how.transpose, how.unit_diagonal, n, columns_of(b.shape()),
                              a.value().data() + i * n * n, x);
  });
  Triangular other = how;
  other.transpose = !how.transpose;
  const auto by_b = [a, other, s = b.shape()](const Variable<T>& g) {
    return detail::sum_to(substitute(a, g, other), s);
  };
  return declare_solve<T>(
      "solve_triangular", std::move(value), a, b, by_b,
      [a, how, other, s = b.shape()](const Variable<T>& g, const Variable<T>& y) {
        const Variable<T> back = substitute(a, g, other);
        const Variable<T> by_a = how.transpose ? matmul(y, transposed(back)) : matmul(back, transposed(y));
        return std::vector<Variable<T>>{
            detail::sum_to(detail::triangle(-by_a, how.lower, how.unit_diagonal), a.shape()),
            detail::sum_to(back, s)};
      });
}

template <class T>
void require_regular_diagonal(const char* operation, const Array<T>& a) {
  const std::size_t n = columns_of(a.shape());
  for (std::size_t row = 0; n > 0 && row < a.size() / n; ++row) {
    if (a.data()[row * n + row % n] != T(0)) continue;
    detail::throw_unfit(operation, a.shape(), row / n, fmt::format("is singular: pivot {} is zero", row % n));
  }
}

/// Checks the shapes of A x = b and calls `solve_matrices`, with a vector b as a matrix of one column.
template <class T, class F>
Variable<T> with_columns(const char* operation, const Variable<T>& a, const Variable<T>& b,
                         F&& solve_matrices) {
  detail::check_square(operation, a.shape());
  detail::check_right_side(operation, a.shape(), b.shape());
  return b.dimension() > 1 ? solve_matrices(b) : detail::drop_column(solve_matrices(detail::as_column(b)));
}

/// The sign of the permutation of a matrix: every row exchange changes it.
template <class T>
T permutation_sign(const Lu<T>& lu, std::size_t i) {
  T sign = 1;
  for (std::size_t j = 0; j < lu.extent(); ++j) {
    if (lu.pivots_of(i)[j] != static_cast<int>(j) + 1) sign = -sign;
  }
  return sign;
}

template <class T>
Array<T> determinants(const Lu<T>& lu) {
  Array<T> result(detail::batch_of(lu.factors.shape()));
  for (std::size_t i = 0; i < lu.count(); ++i) {
    T product = permutation_sign(lu, i);
    for (std::size_t j = 0; j < lu.extent(); ++j) product *= lu.matrix(i)[j * lu.extent() + j];
    result.data()[i] = product;
  }
  return result;
}

template <class T>
Variable<T> inverse_transposed(const SharedLu<T>& lu, const Variable<T>& a) {
  return solve_with(lu, a, constant(detail::identities<T>(a.shape())), true);
}

/// {...} as {..., 1, 1}.
template <class T>
Variable<T> as_matrix(const Variable<T>& x) {
  return detail::as_column(detail::as_column(x));
}

/// The cofactors of matrices that may be singular: det(U) det(V) U diag(p) V^T, where p_i is the product of
/// all singular values but s_i.
template <class T>
Variable<T> cofactors(const Variable<T>& a) {
  const auto [u, s, vt] = svd(a);
  const auto sign = determinants(Lu<T>(u.value())) * determinants(Lu<T>(vt.value()));
  const std::size_t n = columns_of(a.shape());
  const Array<bool> itself = xt::cast<bool>(detail::identities<T>(Shape{n, n}));
  const Variable<T> others = where(itself, T(1), detail::as_row(s));
  Variable<T> products = constant(full<T>(Shape{1}, T(1)));
  for (std::size_t j = 0; j < n; ++j) {
    const kernels::Strided column = detail::axis_range(others.shape(), others.dimension() - 1, j, 1);
    products = products * detail::entries_at("view", others, column);
  }
  return matmul(u * transposed(products), vt) * as_matrix(constant(to_array<T>(xt::round(sign))));
}

/// The pullback of det: g times the cofactors, which are y A^-T for a regular A.
template <class T>
Variable<T> det_gradient(const SharedLu<T>& lu, const Variable<T>& a, const Variable<T>& g,
                         const Variable<T>& y) {
  if (lu->singular == regular) return as_matrix(g * y) * inverse_transposed(lu, a);
  std::vector<int> is_singular;
  for (const bool each : lu->is_singular) is_singular.push_back(each ? 1 : 0);
  return detail::by_kind<T>(is_singular, {a, as_matrix(g), as_matrix(y)}, [](const auto& part, int singular) {
    if (singular != 0) return part[1] * cofactors(part[0]);
    const auto own = std::make_shared<const Lu<T>>(part[0].value());
    return part[1] * part[2] * inverse_transposed<T>(own, part[0]);
  });
}

}  // namespace

template <class T>
Variable<T> detail::solve(const Variable<T>& a, const Variable<T>& b) {
  return with_columns("solve", a, b, [&](const Variable<T>& columns) {
    const auto lu = std::make_shared<const Lu<T>>(a.value());
    lu->require_regular("solve");
    return solve_with<T>(lu, a, columns, false);
  });
}

template <class T>
Variable<T> detail::solve_triangular(const Variable<T>& a, const Variable<T>& b, const Triangular& how) {
  return with_columns("solve_triangular", a, b, [&](const Variable<T>& columns) {
    if (!how.unit_diagonal) require_regular_diagonal("solve_triangular", a.value());
    return substitute(a, columns, how);
  });
}

template <class T>
Variable<T> inv(const Variable<T>& a) {
  detail::check_square("inv", a.shape());
  Lu<T> lu(a.value());
  lu.require_regular("inv");
  for (std::size_t i = 0; i < lu.count(); ++i) {
    kernels::lu_invert(lu.extent(), lu.matrix(i), lu.pivots_of(i));
  }
  return operation("inv", std::move(lu.factors), {a, [](const Variable<T>& g, const Variable<T>& y) {
                                                    const Variable<T> across = transposed(y);
                                                    return -matmul(matmul(across, g), across);
                                                  }});
}

template <class T>
Variable<T> det(const Variable<T>& a) {
  detail::check_square("det", a.shape());
  const auto lu = std::make_shared<const Lu<T>>(a.value());
  return operation("det", determinants(*lu), {a, [lu, a](const Variable<T>& g, const Variable<T>& y) {
                                                return det_gradient(lu, a, g, y);
                                              }});
}

template <class T>
SignAndLogDet<T> slogdet(const Variable<T>& a) {
  detail::check_square("slogdet", a.shape());
  const auto lu = std::make_shared<const Lu<T>>(a.value());
  const std::size_t n = lu->extent();
  Array<T> sign(detail::batch_of(a.shape()));
  Array<T> logarithm(sign.shape());
  for (std::size_t i = 0; i < lu->count(); ++i) {
    T turned = permutation_sign(*lu, i);
    T sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const T pivot = lu->matrix(i)[j * n + j];
      turned *= pivot == T(0) ? T(0) : std::copysign(T(1), pivot);
      sum += std::log(std::abs(pivot));
    }
    sign.data()[i] = turned;
    logarithm.data()[i] = sum;
  }
  return {std::move(sign), operation("slogdet", std::move(logarithm), {a, [lu, a](const Variable<T>& g) {
                                                                         lu->require_regular("slogdet");
                                                                         return as_matrix(g) *
                                                                                inverse_transposed(lu, a);
                                                                       }})};
}

#define XGRAD_INSTANTIATE(T)                                                               \
  template Variable<T> detail::solve<T>(const Variable<T>&, const Variable<T>&);           \
  template Variable<T> detail::solve_triangular<T>(const Variable<T>&, const Variable<T>&, \
                                                   const Triangular&);                     \
  template Variable<T> inv<T>(const Variable<T>&);                                         \
  template Variable<T> det<T>(const Variable<T>&);                                         \
  template SignAndLogDet<T> slogdet<T>(const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
