#include "../../support/check_operation.hpp"

#include <limits>
#include <numeric>

using namespace xgrad;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double missing = std::numeric_limits<double>::quiet_NaN();

/// The transpose of each matrix of a batch.
template <class T>
Variable<T> across(const Variable<T>& x) {
  std::vector<int> order(x.dimension());
  std::iota(order.begin(), order.end(), 0);
  std::iter_swap(order.end() - 1, order.end() - 2);
  return transpose(x, order);
}

/// Matrices {..., n, n} with the entries of x on the diagonals.
template <class T>
Variable<T> on_diagonal(const Variable<T>& x) {
  const auto n = static_cast<std::ptrdiff_t>(x.shape().back());
  std::vector<std::ptrdiff_t> shape(x.shape().begin(), x.shape().end());
  shape.insert(shape.end() - 1, 1);
  return reshape(x, shape) * xt::eye<T>(static_cast<std::size_t>(n));
}

template <class T>
Variable<T> symmetric(const Variable<T>& x) {
  return (x + across(x)) / 2;
}

/// Linear combinations of the columns of x, because Q does not depend on the last column of a square matrix.
template <class T>
Variable<T> mixed(const Variable<T>& x) {
  const std::size_t n = x.shape().back();
  return matmul(x, cast<T>(Variable<double>(check::draw({n, n}, -1, 1, 9))));
}

/// x x^T + 2 I.
template <class T>
Variable<T> positive(const Variable<T>& x) {
  return matmul(x, across(x)) + 2 * xt::eye<T>(x.shape().back());
}

Array<double> identities(Shape shape, std::size_t n) {
  shape.back() = n;
  shape[shape.size() - 2] = n;
  Array<double> result(shape);
  for (std::size_t at = 0; at < result.size(); ++at) result.data()[at] = at / n % n == at % n ? 1 : 0;
  return result;
}

/// Checks that two arrays agree, and records the check for the operation that is being tested.
void agree(const Variable<double>& came, const Array<double>& expected) {
  const bool same = check::close(came.value(), expected, 1e-13);
  CHECK(same);
  check::Listed::note(check::Listed::value, same);
}

/// The largest magnitude outside the triangle of a triangular matrix.
double beyond(const Variable<double>& x, bool lower) {
  const std::size_t m = x.shape(x.dimension() - 2);
  const std::size_t n = x.shape(x.dimension() - 1);
  double largest = 0;
  for (std::size_t at = 0; at < x.size(); ++at) {
    const std::size_t i = at / n % m;
    const std::size_t j = at % n;
    if (lower ? j > i : i > j) largest = std::max(largest, std::abs(x.value().data()[at]));
  }
  return largest;
}

const std::vector<Shape> squares{{1, 1},    {2, 2},       {3, 3},    {4, 4}, {2, 3, 3},
                                 {0, 2, 2}, {2, 1, 2, 2}, {2, 0, 0}, {0, 0}};
const std::vector<Shape> rectangles{{1, 1},    {3, 3},    {4, 2}, {2, 4},       {3, 1},    {1, 3},
                                    {2, 3, 2}, {0, 3, 2}, {2, 0}, {2, 1, 2, 3}, {2, 0, 3}, {0, 0}};

}  // namespace

TEST_CASE("cholesky") {
  const check::Listed listed("cholesky",
                             {"np.linalg.cholesky", "torch.linalg.cholesky", "jnp.linalg.cholesky"});
  const auto f = [](const auto& x) { return cholesky(positive(x)); };
  // of [[4, 1], [1, 3]]
  check::operation(f, xt::xarray<double>{{2, 0}, {0.5, std::sqrt(2.75)}}, xt::xarray<double>{{1, 1}, {1, 0}});
  for (const Shape& shape : squares) {
    CAPTURE(to_string(shape));
    const Array<double> x = check::draw(shape);
    check::derivatives(f, x);
    const auto l = f(Variable<double>(x));
    agree(matmul(l, across(l)), positive(Variable<double>(x)).value());
    CHECK(beyond(l, true) == 0);
  }
  const Variable<double> large = check::draw({90, 90});
  const auto l = f(large);
  agree(matmul(l, across(l)), positive(large).value());

  // Only the lower triangle is read; the gradient is symmetric.
  const Variable<double> a = xt::xarray<double>{{4, missing}, {2, 5}};
  Tape tape;
  const auto y = cholesky(a);
  CHECK(y.value() == xt::xarray<double>{{2, 0}, {1, 2}});
  const Variable<double> corner = xt::xarray<double>{{0, 0}, {1, 0}};  // l_10 = a_10 / sqrt(a_00)
  CHECK(check::close(tape.gradient(y, a, corner).value(), xt::xarray<double>{{-0.125, 0.25}, {0.25, 0}},
                     1e-15));
  // sqrt''' = 3/8 t^(-5/2)
  const auto root = [](const Variable<double>& t) { return sum(cholesky(reshape(t, {1, 1}))); };
  CHECK(grad(grad(grad(root)))(Variable<double>(4)).item() == doctest::Approx(0.375 / 32));
}

TEST_CASE("qr") {
  const check::Listed listed("qr", {"np.linalg.qr", "torch.linalg.qr", "jnp.linalg.qr"});
  const auto take_q = [](const auto& x) { return qr(mixed(x)).q; };
  const auto take_r = [](const auto& x) { return qr(mixed(x)).r; };
  const xt::xarray<double> a{{3, 1}, {4, 2}};
  agree(qr(Variable<double>(a)).q, xt::xarray<double>{{-0.6, -0.8}, {-0.8, 0.6}});
  agree(qr(Variable<double>(a)).r, xt::xarray<double>{{-5, -2.2}, {0, 0.4}});
  for (const Shape& shape : rectangles) {
    CAPTURE(to_string(shape));
    const Array<double> x = check::draw(shape, -2, 2, 5);
    check::derivatives(take_q, x);
    check::derivatives(take_r, x);
    check::derivatives(
        [](const auto& v) {
          const auto [q, r] = qr(v);
          return matmul(sin(q), exp(r));
        },
        x);
    const auto [q, r] = qr(Variable<double>(x));
    agree(matmul(q, r), x);
    agree(matmul(across(q), q), identities(shape, q.shape().back()));
    CHECK(beyond(r, false) == 0);
  }
  const Variable<double> large = check::draw({90, 70});
  const auto [q, r] = qr(large);
  agree(matmul(q, r), large.value());
}

TEST_CASE("eigh") {
  const check::Listed listed("eigh", {"np.linalg.eigh", "torch.linalg.eigh", "jnp.linalg.eigh"});
  const auto values = [](const auto& x) { return eigh(symmetric(x)).values; };
  check::operation(values, xt::xarray<double>{1, 3}, xt::xarray<double>{{2, 1}, {1, 2}});
  for (const Shape& shape : squares) {
    CAPTURE(to_string(shape));
    const Array<double> x = check::draw(shape, -2, 2, 3);
    check::derivatives(values, x);
    check::derivatives([](const auto& v) { return square(eigh(symmetric(v)).vectors); }, x);
    check::derivatives(  // a function of a matrix
        [](const auto& v) {
          const auto [w, vectors] = eigh(symmetric(v));
          return matmul(matmul(vectors, on_diagonal(sin(w))), across(vectors));
        },
        x);
    const auto a = symmetric(Variable<double>(x));
    const auto [w, v] = eigh(a);
    agree(matmul(a, v), matmul(v, on_diagonal(w)).value());
    agree(matmul(across(v), v), identities(shape, shape.back()));
    for (std::size_t i = 1; i < w.size(); ++i) {
      CHECK((i % shape.back() == 0 || w.value().data()[i - 1] <= w.value().data()[i]));
    }
  }
  const auto a = symmetric(Variable<double>(check::draw({70, 70})));
  const auto [w, v] = eigh(a);
  agree(matmul(a, v), matmul(v, on_diagonal(w)).value());

  // Only the lower triangle is read; the gradient is symmetric.
  const Variable<double> half = xt::xarray<double>{{2, missing}, {1, 2}};
  Tape tape;
  const auto largest = view(eigh(half).values, 1);
  CHECK(largest.item() == doctest::Approx(3));
  CHECK(check::close(tape.gradient(largest, half).value(), full<double>({2, 2}, 0.5), 1e-14));
  // sqrt(1 + t^2), the larger eigenvalue of [[1, t], [t, -1]], has 0 for its third derivative at 0 and
  // -72/625
  // ... at t = 3/4 it is -3 t / (1 + t^2)^(5/2).
  const auto f = [](const Variable<double>& t) {
    return view(eigh(t * xt::xarray<double>{{0, 1}, {1, 0}} + xt::xarray<double>{{1, 0}, {0, -1}}).values, 1);
  };
  CHECK(grad(grad(grad(f)))(Variable<double>(0.75)).item() == doctest::Approx(-2.25 / std::pow(1.5625, 2.5)));
}

TEST_CASE("equal eigenvalues have gradients if the result does not depend on the vectors") {
  const Variable<double> one = xt::xarray<double>(xt::eye<double>(3));
  Tape tape;
  const auto [w, v] = eigh(one);
  CHECK(check::close(tape.gradient(sum(w), one).value(), one.value(), 1e-15));
  const auto g = tape.gradient(sum(v * check::draw({3, 3})), one);
  CHECK(!std::isfinite(g.value()(0, 1)));
  const auto factors = svd(one);
  CHECK(check::close(tape.gradient(sum(factors.s), one).value(), one.value(), 1e-15));
}

TEST_CASE("svd") {
  const check::Listed listed("svd", {"np.linalg.svd", "torch.linalg.svd", "jnp.linalg.svd"});
  const auto values = [](const auto& x) { return svd(x).s; };
  check::operation(values, xt::xarray<double>{3, 2}, xt::xarray<double>{{0, 2}, {-3, 0}, {0, 0}});
  for (const Shape& shape : rectangles) {
    CAPTURE(to_string(shape));
    const Array<double> x = check::draw(shape, -2, 2, 6);
    check::derivatives(values, x);
    check::derivatives([](const auto& a) { return square(svd(a).u); }, x);
    check::derivatives([](const auto& a) { return square(svd(a).vt); }, x);
    check::derivatives(  // a function that does not depend on the signs
        [](const auto& a) {
          const auto [u, s, vt] = svd(a);
          return matmul(matmul(u, on_diagonal(sin(s))), vt);
        },
        x);
    const auto [u, s, vt] = svd(Variable<double>(x));
    const std::size_t k = std::min(shape.back(), shape[shape.size() - 2]);
    agree(matmul(matmul(u, on_diagonal(s)), vt), x);
    agree(matmul(across(u), u), identities(shape, k));
    agree(matmul(vt, across(vt)), identities(shape, k));
    for (std::size_t i = 0; i < s.size(); ++i) {
      CHECK(s.value().data()[i] >= 0);
      CHECK((i % k == 0 || s.value().data()[i - 1] >= s.value().data()[i]));
    }
  }
  const Variable<double> large = check::draw({50, 90});
  const auto [u, s, vt] = svd(large);
  agree(matmul(matmul(u, on_diagonal(s)), vt), large.value());
}

TEST_CASE("matrices that cannot be factorised") {
  const Variable<double> indefinite = xt::xarray<double>{{{1, 0}, {0, 1}}, {{1, 2}, {2, 1}}};
  CHECK(check::message<LinearAlgebraError>([&] { cholesky(indefinite); }) ==
        "cholesky: matrix {1} of an array of shape {2, 2, 2} is not positive definite: pivot 1 is not "
        "positive");
  CHECK(check::message<LinearAlgebraError>([&] { cholesky(Variable<double>(full<double>({1, 1}, 0))); }) ==
        "cholesky: the matrix of shape {1, 1} is not positive definite: pivot 0 is not positive");
  const auto shape_error = [](auto f, const Shape& shape) {
    return check::message<ShapeError>([&] { f(Variable<double>(check::draw(shape))); });
  };
  CHECK(shape_error([](auto x) { cholesky(x); }, {2, 3}) ==
        "cholesky: an array of shape {2, 3}; expected a square matrix, {..., n, n}");
  CHECK(check::has(shape_error([](auto x) { eigh(x); }, {4}), "eigh: an array of shape {4}"));
  CHECK(shape_error([](auto x) { qr(x); }, {4}) ==
        "qr: an array of shape {4}; expected a matrix, {..., m, n}");
  CHECK(check::has(shape_error([](auto x) { svd(x); }, {}), "svd: an array of shape {}"));

  // The columns of this matrix are dependent: it has factors, but R has no inverse.
  const Variable<double> dependent = xt::xarray<double>{{1, 0}, {0, 0}};
  Tape tape;
  const auto r = qr(dependent).r;
  CHECK(
      check::has(check::message<LinearAlgebraError>([&] { tape.gradient(sum(r), dependent); }), "singular"));
}

TEST_CASE("NaN and infinity lead to an error or to NaN, not to an endless loop") {
  for (const std::size_t n : {1, 2, 5, 40}) {
    for (const double odd : {missing, inf}) {
      Array<double> a = positive(Variable<double>(check::draw({n, n}))).value();
      a.data()[n * n - 1] = odd;
      const Variable<double> x = a;
      CHECK(check::has(check::message<LinearAlgebraError>([&] { eigh(x); }), "contains NaN or infinity"));
      CHECK(check::has(check::message<LinearAlgebraError>([&] { svd(x); }), "contains NaN or infinity"));
      CHECK(!std::isfinite(xt::sum(qr(x).r.value())()));
      if (std::isnan(odd)) CHECK_THROWS_AS(cholesky(x), LinearAlgebraError);
    }
  }
}

TEST_CASE("all namespaces open") {
  using namespace xt;
  using namespace std;
  Variable<double> x = xarray<double>{{2, 1}, {1, 3}};
  const Variable<double> fixed = x;
  const bool ours = VariableType<decltype(cholesky(x))> && VariableType<decltype(cholesky(fixed * 2))> &&
                    VariableType<decltype(qr(x).q)> && VariableType<decltype(qr(fixed + 1).r)> &&
                    VariableType<decltype(eigh(x).values)> && VariableType<decltype(eigh(-fixed).vectors)> &&
                    VariableType<decltype(svd(x).u)> && VariableType<decltype(svd(fixed * 2).vt)>;
  CHECK(ours);
}
