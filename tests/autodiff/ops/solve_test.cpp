#include "../../support/check_operation.hpp"

#include <limits>

using namespace xgrad;

namespace {

const double inf = std::numeric_limits<double>::infinity();
const double missing = std::numeric_limits<double>::quiet_NaN();

/// Matrices whose largest entries are next to the diagonal, so that rows have to be exchanged.
Array<double> regular(const Shape& shape, std::uint64_t seed = 1) {
  Array<double> a = check::draw(shape, -1, 1, seed);
  const std::size_t n = shape.back();
  for (std::size_t row = 0; n > 0 && row < a.size() / n; ++row) a.data()[row * n + (row + 1) % n] += 3;
  return a;
}

/// Checks f(a, b) for equations constructed from the solution x.
template <class F, class Equations>
void check_solution(const F& f, const Equations& left_side, const Array<double>& a, const Array<double>& x) {
  CAPTURE(to_string(a.shape()));
  CAPTURE(to_string(x.shape()));
  const Array<double> b = left_side(Variable<double>(a), Variable<double>(x)).value();
  check::operation(f, x, a, b);
}

/// The determinant by expansion along the first row.
double expand(const std::vector<std::vector<double>>& a) {
  if (a.empty()) return 1;
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    std::vector<std::vector<double>> minor;
    for (std::size_t i = 1; i < a.size(); ++i) {
      minor.push_back(a[i]);
      minor.back().erase(minor.back().begin() + static_cast<std::ptrdiff_t>(j));
    }
    sum += (j % 2 == 0 ? 1 : -1) * a[0][j] * expand(minor);
  }
  return sum;
}

/// The same for each matrix of a batch.
Array<double> determinants(const Array<double>& a) {
  const std::size_t n = a.shape().back();
  Array<double> result(Shape(a.shape().begin(), a.shape().end() - 2));
  for (std::size_t i = 0; i < result.size(); ++i) {
    std::vector<std::vector<double>> rows;
    for (std::size_t row = 0; row < n; ++row) {
      const double* begin = a.data() + (i * n + row) * n;
      rows.emplace_back(begin, begin + n);
    }
    result.data()[i] = expand(rows);
  }
  return result;
}

const std::vector<Shape> squares{{1, 1},    {2, 2},       {3, 3},    {4, 4}, {2, 3, 3},
                                 {0, 2, 2}, {2, 1, 2, 2}, {2, 0, 0}, {0, 0}};

/// t I + c, for third derivatives along a line.
Variable<double> along(const Variable<double>& t, const xt::xarray<double>& c) {
  return t * xt::xarray<double>(xt::eye<double>(c.shape(0))) + c;
}

template <class F>
double third(const F& f, double t) {
  return grad(grad(grad(f)))(Variable<double>(t)).item();
}

}  // namespace

TEST_CASE("solve") {
  const check::Listed listed("solve", {"np.linalg.solve", "torch.linalg.solve", "jnp.linalg.solve"});
  const auto f = [](const auto& a, const auto& b) { return solve(a, b); };
  check::operation(f, xt::xarray<double>{-1, 2}, xt::xarray<double>{{0, 2}, {1, 1}},
                   xt::xarray<double>{4, 1});
  const std::vector<std::pair<Shape, Shape>> shapes{{{2, 2}, {2}},          {{3, 3}, {3, 2}},
                                                    {{1, 1}, {1}},          {{4, 4}, {4, 1}},
                                                    {{2, 3, 3}, {2, 3, 1}}, {{2, 1, 2, 2}, {2, 3, 2, 2}},
                                                    {{0, 2, 2}, {0, 2, 3}}, {{0, 0}, {0}},
                                                    {{2, 2}, {2, 0}},       {{2, 0, 0}, {2, 0, 3}}};
  const auto left_side = [](const auto& a, const auto& x) { return matmul(a, x); };
  for (const auto& [left, right] : shapes) {
    check_solution(f, left_side, regular(left), check::draw(right, -2, 2, 2));
  }
  // a and b that broadcast against each other.
  check::derivatives(f, regular({2, 3, 3}), check::draw({3}));
  check::derivatives(f, regular({2, 2}), check::draw({3, 2, 1}));
  check::derivatives(f, regular({2, 1, 2, 2}), check::draw({3, 2, 1}));
  CHECK(solve(Variable<double>(regular({2, 3, 3})), check::draw({3})).shape() == Shape{2, 3});

  const Array<double> large = regular({70, 70});
  const Array<double> x = check::draw({70, 30});
  const Array<double> b = matmul(Variable<double>(large), x).value();
  CHECK(check::close(solve(Variable<double>(large), b).value(), x, 1e-11));
}

TEST_CASE("solve with a constant operand, and the third derivative") {
  const Array<double> a = regular({3, 3});
  const Array<double> b = check::draw({3, 2});
  check::derivatives(
      [&](const auto& x) {
        return solve(x, cast<typename std::decay_t<decltype(x)>::value_type>(Variable<double>(b)));
      },
      a);
  check::derivatives(
      [&](const auto& x) {
        return solve(cast<typename std::decay_t<decltype(x)>::value_type>(Variable<double>(a)), x);
      },
      b);
  // The first entry of [[t, 1], [1, t]]^-1 (1, 0) is t / (t^2 - 1) = (1 / (t - 1) + 1 / (t + 1)) / 2.
  const xt::xarray<double> c{{0, 1}, {1, 0}};
  const xt::xarray<double> right{1, 0};
  const double expected = -3 * (1 + 1 / 81.0);
  CHECK(third([&](const auto& t) { return sum(solve(along(t, c), right) * right); }, 2) ==
        doctest::Approx(expected));
  const xt::xarray<double> corner{{1, 0}, {0, 0}};
  CHECK(third([&](const auto& t) { return sum(inv(along(t, c)) * corner); }, 2) == doctest::Approx(expected));
}

TEST_CASE("solve_triangular with all options") {
  const check::Listed listed("solve_triangular",
                             {"scipy.linalg.solve_triangular", "torch.linalg.solve_triangular",
                              "jax.scipy.linalg.solve_triangular"});
  for (const bool lower : {false, true}) {
    for (const bool transpose : {false, true}) {
      for (const bool unit_diagonal : {false, true}) {
        CAPTURE(lower);
        CAPTURE(transpose);
        CAPTURE(unit_diagonal);
        const Triangular how{lower, transpose, unit_diagonal};
        const auto f = [how](const auto& a, const auto& b) { return solve_triangular(a, b, how); };
        const auto left_side = [how](const Variable<double>& a, const Variable<double>& x) {
          Array<double> read = a.value();
          const std::size_t n = read.shape().back();
          for (std::size_t at = 0; at < read.size(); ++at) {
            const std::size_t i = at / n % n;
            const std::size_t j = at % n;
            if (how.lower ? j > i : i > j) read.data()[at] = 0;
            if (how.unit_diagonal && i == j) read.data()[at] = 1;
          }
          Variable<double> matrix = read;
          if (how.transpose)
            matrix = a.dimension() == 2 ? xgrad::transpose(matrix) : xgrad::transpose(matrix, {0, 2, 1});
          return matmul(matrix, x);
        };
        const auto diagonal = [](const Shape& shape) {
          Array<double> a = regular(shape);
          const std::size_t n = shape.back();
          for (std::size_t row = 0; n > 0 && row < a.size() / n; ++row) a.data()[row * n + row % n] += 2;
          return a;
        };
        check_solution(f, left_side, diagonal({3, 3}), check::draw({3}));
        check_solution(f, left_side, diagonal({2, 3, 3}), check::draw({2, 3, 2}));
        check_solution(f, left_side, diagonal({1, 1}), check::draw({1, 2}));
        check_solution(f, left_side, diagonal({0, 2, 2}), check::draw({0, 2, 1}));
        check_solution(f, left_side, diagonal({0, 0}), check::draw({0, 2}));
        check::derivatives(f, diagonal({2, 1, 2, 2}), check::draw({3, 2, 1}));
      }
    }
  }
  // The entries that are not read, by default the lower triangle, may have any value.
  const Variable<double> upper = xt::xarray<double>{{2, 1}, {missing, 4}};
  const Variable<double> b = xt::xarray<double>{4, 8};
  Tape tape;
  const auto x = solve_triangular(upper, b);
  CHECK(x.value() == xt::xarray<double>{1, 2});
  CHECK(tape.gradient(sum(x), upper).value() == xt::xarray<double>{{-0.5, -1}, {0, -0.25}});
  const Variable<double> unit = xt::xarray<double>{{missing, inf}, {3, 0}};
  CHECK(solve_triangular(unit, b, {.lower = true, .unit_diagonal = true}).value() ==
        xt::xarray<double>{4, -4});
}

TEST_CASE("inv") {
  const check::Listed listed("inv", {"np.linalg.inv", "torch.linalg.inv", "jnp.linalg.inv"});
  const auto f = [](const auto& a) { return inv(a); };
  check::operation(f, xt::xarray<double>{{-0.5, 1}, {0.5, 0}}, xt::xarray<double>{{0, 2}, {1, 1}});
  for (const Shape& shape : squares) {
    CAPTURE(to_string(shape));
    const Array<double> a = regular(shape);
    check::derivatives(f, a);
    const Array<double> one = matmul(inv(Variable<double>(a)), a).value();
    const std::size_t n = shape.back();
    Array<double> expected = full<double>(shape, 0);
    for (std::size_t row = 0; n > 0 && row < one.size() / n; ++row) expected.data()[row * n + row % n] = 1;
    CHECK(check::close(one, expected, 1e-13));
  }
}

TEST_CASE("det") {
  const check::Listed listed("det", {"np.linalg.det", "torch.linalg.det", "jnp.linalg.det"});
  const auto f = [](const auto& a) { return det(a); };
  check::operation(f, full<double>({}, -2), xt::xarray<double>{{0, 2}, {1, 1}});
  for (const Shape& shape : squares) {
    CAPTURE(to_string(shape));
    const Array<double> a = regular(shape);
    check::operation(f, determinants(a), a);
  }
  // det [[t, 1, 0], [1, t, 1], [0, 1, t]] = t^3 - 2 t.
  const xt::xarray<double> c{{0, 1, 0}, {1, 0, 1}, {0, 1, 0}};
  CHECK(third([&](const auto& t) { return det(along(t, c)); }, 1.7) == doctest::Approx(6));
}

TEST_CASE("the gradient of det of singular matrices is the cofactors") {
  const auto f = [](const auto& a) { return det(a); };
  const Array<double> a =
      xt::xarray<double>{{{4, 1, 3}, {2, 3, 1}, {-2, 2, -2}}, {{2, 1, 1}, {1, 3, 1}, {1, 1, 4}}};
  check::operation(f, xt::xarray<double>{0, 17}, a);
  check::derivatives(f, full<double>({1, 1}, 0));
  const Variable<double> x = xt::xarray<double>{{1, 2}, {2, 4}};
  Tape tape;
  CHECK(check::close(tape.gradient(det(x), x).value(), xt::xarray<double>{{4, -2}, {-2, 1}}, 1e-14));
  const Variable<double> zero = full<double>({3, 3}, 0);
  CHECK(tape.gradient(det(zero), zero).value() == full<double>({3, 3}, 0));
}

TEST_CASE("slogdet") {
  const check::Listed listed("slogdet", {"np.linalg.slogdet", "torch.linalg.slogdet", "jnp.linalg.slogdet"});
  const auto f = [](const auto& a) { return slogdet(a).logabsdet; };
  for (const Shape& shape : squares) {
    CAPTURE(to_string(shape));
    const Array<double> a = regular(shape);
    const Array<double> expected = determinants(a);
    check::operation(f, to_array<double>(xt::log(xt::abs(expected))), a);
    CHECK(slogdet(Variable<double>(a)).sign == to_array<double>(xt::sign(expected)));
  }
  // A determinant that is too small for double precision.
  const Variable<double> small = to_array<double>(-1e-3 * xt::eye<double>(201));
  const auto [sign, logabsdet] = slogdet(small);
  CHECK(sign() == -1);
  CHECK(logabsdet.item() == doctest::Approx(201 * std::log(1e-3)));

  const Variable<double> x = xt::xarray<double>{{{1, 2}, {2, 4}}, {{0, 1}, {1, 0}}};
  Tape tape;
  const auto both = slogdet(x);
  CHECK(both.sign == xt::xarray<double>{0, -1});
  CHECK(both.logabsdet.value() == xt::xarray<double>{-inf, 0});
  CHECK(check::message<LinearAlgebraError>([&] { tape.gradient(sum(both.logabsdet), x); }) ==
        "slogdet: matrix {0} of an array of shape {2, 2, 2} is singular: pivot 1 is zero");
}

TEST_CASE("NaN and infinity") {
  for (const std::size_t n : {1, 2, 3, 7, 40}) {
    for (const double odd : {missing, inf}) {
      Array<double> a = regular({n, n});
      a.data()[n / 2] = odd;
      const Variable<double> x = a;
      const Array<double> nothing = full<double>({n, n}, missing);
      CHECK(check::close(inv(x).value(), nothing, 0));
      CHECK(check::close(solve(x, regular({n, n})).value(), nothing, 0));
      CHECK(std::isnan(det(x).item()));
      CHECK(std::isnan(slogdet(x).logabsdet.item()));
      Tape tape;
      CHECK(check::close(tape.gradient(det(x), x).value(), nothing, 0));
    }
  }
}

TEST_CASE("matrices that cannot be solved") {
  const Variable<double> singular = xt::xarray<double>{{1, 2}, {2, 4}};
  const Variable<double> second = xt::xarray<double>{{{{1, 2}, {2, 3}}}, {{{0, 0}, {0, 0}}}};
  CHECK(check::message<LinearAlgebraError>([&] { solve(singular, xt::xarray<double>{1, 2}); }) ==
        "solve: the matrix of shape {2, 2} is singular: pivot 1 is zero");
  CHECK(check::message<LinearAlgebraError>([&] { inv(second); }) ==
        "inv: matrix {1, 0} of an array of shape {2, 1, 2, 2} is singular: pivot 0 is zero");
  CHECK(check::message<LinearAlgebraError>([&] {
          solve_triangular(xt::xarray<double>{{1, 2}, {2, 0}}, Variable<double>(xt::xarray<double>{1, 2}));
        }) == "solve_triangular: the matrix of shape {2, 2} is singular: pivot 1 is zero");
  CHECK(check::message<ShapeError>([&] { inv(Variable<double>(check::draw({2, 3}))); }) ==
        "inv: an array of shape {2, 3}; expected a square matrix, {..., n, n}");
  CHECK(check::has(check::message<ShapeError>([&] { det(Variable<double>(check::draw({3}))); }), "det"));
  CHECK(check::has(check::message<ShapeError>([&] { slogdet(Variable<double>(1)); }), "slogdet"));
  CHECK(check::message<ShapeError>([&] { solve(singular, check::draw({3})); }) ==
        "solve: A {2, 2} and b {3}; expected b to be a vector {2} or matrices {..., 2, k}");
  CHECK(check::has(check::message<ShapeError>([&] { solve(singular, 1.0); }), "b {}"));
  CHECK(check::has(check::message<ShapeError>([&] { solve_triangular(singular, check::draw({3, 2})); }),
                   "solve_triangular: A {2, 2} and b {3, 2}"));
  CHECK(check::has(check::message<ShapeError>(
                       [&] { solve(Variable<double>(regular({2, 2, 2})), check::draw({3, 2, 1})); }),
                   "solve: shapes {2} and {3} do not broadcast"));
}

TEST_CASE("all namespaces open") {
  using namespace xt;
  using namespace std;
  const xarray<double> raw{{2, 1}, {1, 3}};
  Variable<double> x = raw;
  const Variable<double> fixed = raw;
  const bool ours = VariableType<decltype(solve(raw, x))> && VariableType<decltype(solve(x, raw))> &&
                    VariableType<decltype(solve(x, fixed))> && VariableType<decltype(inv(x))> &&
                    VariableType<decltype(inv(fixed))> && VariableType<decltype(inv(x + 1))> &&
                    VariableType<decltype(det(x))> && VariableType<decltype(det(fixed * 2))> &&
                    VariableType<decltype(slogdet(x).logabsdet)> &&
                    VariableType<decltype(solve_triangular(x, raw, {.lower = true}))>;
  CHECK(ours);
}
