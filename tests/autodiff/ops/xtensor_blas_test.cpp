// Compares products, solve, factorisations and pseudoinverses with xt::linalg of xtensor-blas, which passes
// matrices to LAPACK in column-major order, whereas the library passes their transposes.

#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>
#include <xtensor-blas/xlinalg.hpp>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

using namespace xgrad;

namespace {

constexpr std::pair<std::size_t, std::size_t> extents[] = {{1, 1}, {2, 2},   {3, 5},   {5, 3},
                                                           {8, 8}, {17, 33}, {65, 64}, {130, 70}};

template <class T>
Array<T> matrix(std::size_t rows, std::size_t columns) {
  return random_uniform<T>({rows, columns}, T(-1), T(1));
}

/// A matrix that is far from singular.
template <class T>
Array<T> regular(std::size_t n) {
  return matrix<T>(n, n) + T(n) * xt::eye<T>(n);
}

template <class T>
Array<T> symmetric(std::size_t n) {
  const Array<T> a = matrix<T>(n, n);
  return a + xt::transpose(a);
}

/// Checks equality up to rounding errors, relative to the largest entry.
template <class T, class E>
void check_close(const Variable<T>& found, const E& expected, double tolerance = 200) {
  const xt::xarray<T> numbers = expected;
  REQUIRE(found.value().dimension() == numbers.dimension());
  REQUIRE(std::equal(numbers.shape().begin(), numbers.shape().end(), found.shape().begin()));
  const double size = xt::amax(xt::abs(xt::cast<double>(numbers)))() + 1;
  const double distance = xt::amax(xt::abs(xt::cast<double>(found.value() - numbers)))();
  CHECK(distance <= tolerance * std::numeric_limits<T>::epsilon() * size);
}

template <class E>
auto magnitudes(const E& x) {
  return xt::eval(xt::abs(x));
}

}  // namespace

TEST_CASE_TEMPLATE("products agree with xt::linalg", T, float, double) {
  seed(1);
  for (const auto& extent : extents) {
    const std::size_t m = extent.first, n = extent.second;
    CAPTURE(m);
    CAPTURE(n);
    for (const std::size_t k : {1, 7, 70}) {
      const Array<T> a = matrix<T>(m, k), b = matrix<T>(k, n);
      const xt::xarray<T> expected = xt::linalg::dot(a, b);
      check_close(matmul(Variable<T>(a), b), expected);
      check_close(dot(Variable<T>(a), b), expected);
      check_close(tensordot(Variable<T>(a), b, 1), xt::linalg::tensordot(a, b, 1));
    }
    const Array<T> x = random_uniform<T>({m}, T(-1), T(1)), y = random_uniform<T>({n}, T(-1), T(1));
    check_close(outer(Variable<T>(x), y), xt::linalg::outer(x, y));
  }
  const Array<T> small = matrix<T>(2, 3), other = matrix<T>(3, 2), square = matrix<T>(4, 4);
  check_close(kron(Variable<T>(small), other), xt::linalg::kron(small, other));
  for (const int power : {0, 1, 2, 5}) {
    check_close(matrix_power(Variable<T>(square), power), xt::linalg::matrix_power(square, power));
  }
}

TEST_CASE_TEMPLATE("solve, inv and det agree with xt::linalg", T, float, double) {
  seed(2);
  for (const std::size_t n : {1, 2, 3, 8, 33, 64}) {
    CAPTURE(n);
    const Array<T> a = regular<T>(n), b = matrix<T>(n, 3), vector = random_uniform<T>({n}, T(-1), T(1));
    check_close(solve(Variable<T>(a), b), xt::linalg::solve(a, b));
    check_close(solve(Variable<T>(a), vector), xt::linalg::solve(a, vector));
    check_close(inv(Variable<T>(a)), xt::linalg::inv(a));
    const auto [sign, logarithm] = xt::linalg::slogdet(a);
    const auto found = slogdet(Variable<T>(a));
    CHECK(found.sign() == doctest::Approx(sign));
    CHECK(found.logabsdet.item() == doctest::Approx(logarithm).epsilon(1e-5));
    const Array<T> scaled = a / T(n);
    CHECK(det(Variable<T>(scaled)).item() == doctest::Approx(xt::linalg::det(scaled)).epsilon(1e-4));
  }
}

TEST_CASE_TEMPLATE("factorisations agree with xt::linalg up to signs", T, float, double) {
  seed(3);
  for (const std::size_t n : {1, 2, 3, 8, 33}) {
    CAPTURE(n);
    const Array<T> a = symmetric<T>(n), definite = a + T(2 * n) * xt::eye<T>(n);
    check_close(cholesky(Variable<T>(definite)), xt::linalg::cholesky(definite));
    const auto [values, vectors] = xt::linalg::eigh(a);
    const auto found = eigh(Variable<T>(a));
    check_close(found.values, values);
    check_close(abs(found.vectors), magnitudes(vectors), 1e4);
  }
  for (const auto& extent : extents) {
    const std::size_t m = extent.first, n = extent.second;
    CAPTURE(m);
    CAPTURE(n);
    const Array<T> a = matrix<T>(m, n);
    const auto [u, s, vt] = xt::linalg::svd(a, false);
    const auto found = svd(Variable<T>(a));
    check_close(found.s, s);
    check_close(abs(found.u), magnitudes(u), 1e5);
    check_close(abs(found.vt), magnitudes(vt), 1e5);
    const auto [q, r] = xt::linalg::qr(a);
    const auto factors = qr(Variable<T>(a));
    check_close(abs(factors.r), magnitudes(r), 1e3);
    check_close(abs(factors.q), magnitudes(q), 1e3);
  }
}

TEST_CASE_TEMPLATE("pseudoinverse and least squares agree with xt::linalg", T, float, double) {
  seed(4);
  for (const auto& extent : extents) {
    const std::size_t m = extent.first, n = extent.second;
    CAPTURE(m);
    CAPTURE(n);
    const Array<T> a = matrix<T>(m, n);
    check_close(pinv(Variable<T>(a)), xt::linalg::pinv(a, 1e-7), 2e4);
    if (m < n) continue;
    const Array<T> b = matrix<T>(m, 2);
    check_close(lstsq(Variable<T>(a), b), std::get<0>(xt::linalg::lstsq(a, b)), 2e4);
  }
}
