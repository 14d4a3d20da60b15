#include "../../support/check_operation.hpp"

#include <limits>

using namespace xgrad;

namespace {

/// I + A + A^2 / 2 + ..., term by term.
Array<double> series(const Array<double>& a) {
  const std::size_t n = a.shape().back();
  Array<double> result(a.shape());
  for (std::size_t begin = 0; begin < a.size(); begin += n * n) {
    const double* matrix = a.data() + begin;
    std::vector<long double> term(n * n, 0);
    for (std::size_t i = 0; i < n; ++i) term[i * n + i] = 1;
    std::vector<long double> sum = term;
    for (int power = 1; power < 100; ++power) {
      std::vector<long double> next(n * n, 0);
      for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
          for (std::size_t k = 0; k < n; ++k) next[i * n + j] += term[i * n + k] * matrix[k * n + j] / power;
        }
      }
      term = next;
      for (std::size_t at = 0; at < n * n; ++at) sum[at] += term[at];
    }
    std::transform(sum.begin(), sum.end(), result.data() + begin,
                   [](long double entry) { return static_cast<double>(entry); });
  }
  return result;
}

}  // namespace

TEST_CASE("expm") {
  const check::Listed listed("expm",
                             {"scipy.linalg.expm", "torch.linalg.matrix_exp", "jax.scipy.linalg.expm"});
  const auto f = [](const auto& a) { return expm(a); };
  for (const Shape& shape : {Shape{1, 1}, Shape{2, 2}, Shape{3, 3}, Shape{2, 3, 3}, Shape{0, 2, 2},
                             Shape{2, 1, 2, 2}, Shape{2, 0, 0}, Shape{0, 0}}) {
    CAPTURE(to_string(shape));
    for (const double size : {0.1, 2.0, 6.0}) {  // the last is squared
      const Array<double> a = check::draw(shape, -size, size, 3);
      check::operation(f, series(a), a);
    }
  }
  const auto value = [](const xt::xarray<double>& a) { return expm(Variable<double>(a)).value(); };
  CHECK(check::close(value({{0, 1}, {0, 0}}), xt::xarray<double>{{1, 1}, {0, 1}}, 1e-15));
  CHECK(check::close(value({{0, 0}, {0, 0}}), xt::xarray<double>{{1, 0}, {0, 1}}, 1e-15));
  for (const double angle : {0.5, 5.0, 30.0}) {
    const double c = std::cos(angle);
    const double s = std::sin(angle);
    CHECK(check::close(value({{0, -angle}, {angle, 0}}), xt::xarray<double>{{c, -s}, {s, c}}, 1e-12));
  }
  CHECK(!std::isfinite(value({{1000, 0}, {0, -1000}})(0, 0)));
  // cos is an entry of the exponential of the generator of a rotation.
  const auto cosine = [](const Variable<double>& t) {
    return sum(expm(t * xt::xarray<double>{{0, -1}, {1, 0}}) * xt::xarray<double>{{1, 0}, {0, 0}});
  };
  CHECK(grad(grad(grad(cosine)))(Variable<double>(0.7)).item() == doctest::Approx(std::sin(0.7)));
}

TEST_CASE("expm of NaN and infinity") {
  for (const double odd :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    Array<double> a = check::draw({2, 3, 3});
    const Array<double> regular = a;
    a.data()[4] = odd;
    const Array<double> result = expm(Variable<double>(a)).value();
    const Array<double> expected = series(regular);
    for (std::size_t at = 0; at < 18; ++at) {
      CHECK((at < 9 ? std::isnan(result.data()[at])
                    : std::abs(result.data()[at] - expected.data()[at]) < 1e-12));
    }
  }
}

TEST_CASE("matrices that are not square have no exponential") {
  const Variable<double> a = check::draw({2, 3});
  CHECK(check::message<ShapeError>([&] { expm(a); }) ==
        "expm: an array of shape {2, 3}; expected a square matrix, {..., n, n}");
}
