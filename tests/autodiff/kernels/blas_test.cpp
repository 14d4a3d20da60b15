// The arguments that products and linear algebra pass to BLAS: no extent may be truncated to an int. The
// kernels are compiled into this program, because arrays of such extents would not fit in memory; none are
// accessed.
#include <autodiff/kernels/fork.cpp>
#include <autodiff/kernels/gemm.cpp>
#include <autodiff/kernels/lapack.cpp>
#include <autodiff/kernels/parallel.cpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

constexpr std::size_t huge = (std::size_t{1} << 32) + 3;  // 3 as an int

template <class T>
void product(std::size_t m, std::size_t n, std::size_t k, std::size_t lda, std::size_t ldb, std::size_t ldc) {
  kernels::gemm<T>(false, false, m, n, k, T(1), nullptr, lda, nullptr, ldb, T(0), nullptr, ldc);
}

template <class T>
std::vector<T> numbers(std::size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> result(count);
  for (T& number : result) number = static_cast<T>(uniform(generator));
  return result;
}

}  // namespace

TEST_CASE_TEMPLATE("products reject extents too large for BLAS", T, float, double) {
  CHECK_THROWS_WITH_AS(product<T>(2, 2, huge, huge, 2, 2),
                       "matrix product: got an extent of 4294967299; BLAS and LAPACK take at most 2147483647",
                       ShapeError);
  CHECK_THROWS_AS(product<T>(huge, 2, 2, 2, 2, 2), ShapeError);
  CHECK_THROWS_AS(product<T>(2, huge, 2, 2, huge, huge), ShapeError);
  CHECK_THROWS_AS(product<T>(2, 2, 2, huge, 2, 2), ShapeError);
  CHECK_THROWS_AS(product<T>(2, 2, 2, 2, huge, 2), ShapeError);
  CHECK_THROWS_AS(product<T>(2, 2, 2, 2, 2, huge), ShapeError);
  CHECK_THROWS_AS(product<T>(2, 2, std::size_t{1} << 31, std::size_t{1} << 31, 2, 2), ShapeError);
  product<T>(0, huge, huge, huge, huge, huge);  // nothing to compute
  CHECK(kernels::blas_extent("product", (std::size_t{1} << 31) - 1) == 2147483647);
}

TEST_CASE_TEMPLATE("linear algebra rejects extents too large for LAPACK", T, float, double) {
  T one = 1;
  int pivot = 1;
  CHECK_THROWS_AS(kernels::lu_solve<T>(false, 1, huge, &one, &pivot, &one), ShapeError);
  CHECK_THROWS_AS(kernels::solve_triangular<T>(true, false, false, 1, huge, &one, &one), ShapeError);
  CHECK_THROWS_AS(kernels::qr<T>(huge, 1, &one, &one), ShapeError);
  CHECK_THROWS_AS(kernels::cholesky<T>(huge, &one), ShapeError);
  CHECK_THROWS_AS(kernels::lu_invert<T>(huge, &one, &pivot), ShapeError);
}

TEST_CASE_TEMPLATE("products of all extents and memory layouts", T, float, double) {
  std::mt19937 generator(3);
  const auto up_to = [&](unsigned largest) { return std::size_t{generator() % largest + 1}; };
  for (int i = 0; i < 400; ++i) {
    const std::size_t m = i % 9 == 0 ? 1 : up_to(i % 3 == 0 ? 150 : 40);
    const std::size_t n = i % 7 == 0 ? 1 : up_to(i % 3 == 1 ? 150 : 50);
    const std::size_t k = i % 11 == 0 ? 1 : up_to(i % 5 == 0 ? 600 : 40);
    const bool ta = generator() % 2 == 0;
    const bool tb = generator() % 2 == 0;
    const std::size_t lda = (ta ? m : k) + generator() % 3;
    const std::size_t ldb = (tb ? k : n) + generator() % 3;
    const std::size_t ldc = n + generator() % 3;
    const T alpha = generator() % 2 == 0 ? T(1) : T(0.5);
    const T beta = std::array<T, 3>{0, 1, -2}[generator() % 3];
    const auto a = numbers<T>(lda * (ta ? k : m), 1);
    const auto b = numbers<T>(ldb * (tb ? n : k), 2);
    const auto old = numbers<T>(ldc * m, 3);
    auto c = old;
    if (beta == 0) std::fill(c.begin(), c.end(), std::numeric_limits<T>::quiet_NaN());
    kernels::gemm<T>(ta, tb, m, n, k, alpha, a.data(), lda, b.data(), ldb, beta, c.data(), ldc);
    double worst = 0;
    for (std::size_t r = 0; r < m; ++r) {
      for (std::size_t s = 0; s < n; ++s) {
        double sum = 0;
        for (std::size_t p = 0; p < k; ++p) {
          sum += double(a[ta ? p * lda + r : r * lda + p]) * double(b[tb ? s * ldb + p : p * ldb + s]);
        }
        const double expected = alpha * sum + beta * double(old[r * ldc + s]);
        worst = std::max(worst, std::abs(expected - double(c[r * ldc + s])));
      }
    }
    CAPTURE(m);
    CAPTURE(n);
    CAPTURE(k);
    CAPTURE(ta);
    CAPTURE(tb);
    CHECK(worst <= 50 * std::sqrt(double(k)) * double(std::numeric_limits<T>::epsilon()));
  }
}
