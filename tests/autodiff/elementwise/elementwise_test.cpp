#include <autodiff/autodiff.hpp>

#include "../../support/check_operation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

using V = Variable<double>;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Compares a function in elementwise with the same generic lambda on plain numbers.
template <class F>
void check_unary(const F& f, double low = -2, double high = 2) {
  const auto operation = [&](const auto& x) { return elementwise(f, x); };
  check::unary(operation, [&](double x) { return f(x); }, low, high);
}

template <class F>
void check_binary(const F& f, double low = -2, double high = 2) {
  const auto operation = [&](const auto& x, const auto& y) { return elementwise(f, x, y); };
  check::binary(operation, [&](double x, double y) { return f(x, y); }, low, high);
}

template <class F>
double at(const F& f, double x) {
  return elementwise(f, V(x)).item();
}

template <class F>
double slope_at(const F& f, double x) {
  return grad([&](const V& v) { return elementwise(f, v); })(x).item();
}

}  // namespace

TEST_CASE("elementwise: formulas of one input and of two") {
  const check::Listed listed("elementwise");
  check_unary([](auto x) { return x * exp(-x * x); });
  check_unary([](auto x) { return 1 / (1 + x * x) - sin(3 * x); });
  check_binary([](auto a, auto b) { return a * exp(-b * b); });
  check_binary([](auto a, auto b) { return hypot(a, b + 3) * atan2(a, b + 3); });
  check_binary([](auto a, auto b) { return pow(a, b) / (a + b); }, 0.5, 2);
}

TEST_CASE("elementwise: the standard functions") {
  const check::Listed listed("elementwise");
  check_unary([](auto x) { return exp(x) + exp2(x) * expm1(x); });
  check_unary([](auto x) { return log(x) + log2(x) * log10(x) - log1p(x); }, 0.5, 3);
  check_unary([](auto x) { return sqrt(x) * cbrt(x); }, 0.5, 3);
  check_unary([](auto x) { return sin(x) * cos(x) + tan(x / 2); });
  check_unary([](auto x) { return asin(x) * acos(x) + atan(x); }, -0.9, 0.9);
  check_unary([](auto x) { return sinh(x) + cosh(x) * tanh(x); });
  check_unary([](auto x) { return asinh(x) + atanh(x / 3); });
  check_unary([](auto x) { return acosh(x); }, 1.1, 3);
  check_unary([](auto x) { return erf(x) - erfc(x / 2); });
  check_unary([](auto x) { return pow(x, 3) + pow(x, 2.5) + pow(2, x) + pow(x, -1); }, 0.3, 2);
  check_unary([](auto x) { return fma(x, x, x) + fabs(x - 3) * abs(x + 3); });
  check_binary([](auto x, auto y) { return max(x, y) * x + min(x, y) + clamp(x * y, -5.0, 5.0); });
  check_binary([](auto x, auto y) { return fmax(x, y) - fmin(x, y); });
  check_unary([](auto x) { return where(x > 0.1 && !(x > 1.2), x * x, sin(x)); }, -2, 0.09);
  check_unary([](auto x) { return where(x < 0 || x == 5, x * x, x); }, 0.2, 2);
}

TEST_CASE("elementwise: rounding functions have derivative 0") {
  const auto steps = [](auto x) { return floor(x) + 10 * ceil(x) + 100 * trunc(x); };
  const auto nearest = [](auto x) { return round(x); };
  for (const double x : {-2.7, -2.5, -0.4, 0.0, 0.5, 1.5, 2.2, 1e9}) {
    CAPTURE(x);
    CHECK(at(steps, x) == steps(x));
    CHECK(slope_at(steps, x) == 0);
    CHECK(at(nearest, x) == std::nearbyint(x));  // halves to even, like the operation
    CHECK(slope_at(nearest, x) == 0);
  }
  const auto remainder = [](auto x, auto y) { return fmod(x, y); };
  for (const double x : {5.5, -5.5, 1e15 + 1}) {
    CHECK(elementwise(remainder, V(x), 3).item() == std::fmod(x, 3.0));
    CHECK(elementwise(remainder, V(x), -3).item() == std::fmod(x, -3.0));
  }
  CHECK(grad<1>([&](const V& x, const V& y) { return elementwise(remainder, x, y); })(-7.5, 2.0).item() == 3);
}

TEST_CASE("elementwise: functions that Variables have too") {
  const auto f = [](const auto& x, const auto& y) {
    return sigmoid(x) * square(y) + relu(x - y) + maximum(x, y) + tanh(x * y);
  };
  const V x = check::draw({300}, -3, 3, 1);
  const V y = check::draw({300}, -3, 3, 2);
  CHECK(check::close(elementwise(f, x, y).value(), f(x, y).value(), 1e-15));
  const auto sum_of = [&](const V& a, const V& b) { return sum(elementwise(f, a, b)); };
  const auto apart = [&](const V& a, const V& b) { return sum(f(a, b)); };
  CHECK(check::close(grad(sum_of)(x, y).value(), grad(apart)(x, y).value(), 1e-14));
  CHECK(check::close(grad<1>(sum_of)(x, y).value(), grad<1>(apart)(x, y).value(), 1e-14));
  CHECK(elementwise([](auto a) { return sigmoid(a); }, V(-800.0)).item() == 0);
}

TEST_CASE_TEMPLATE("elementwise against separate operations", T, float, double) {
  const auto bell = [](const auto& a, const auto& b) { return a * exp(-b * b); };
  const Variable<T> a = random_normal<T>({70, 1001});
  const Variable<T> b = random_normal<T>({1001});
  Tape tape;
  const auto fused = elementwise(bell, a, b);
  const auto apart = bell(a, b);
  CHECK(fused.value() == apart.value());  // bit-identical
  const auto g = random_normal<T>({70, 1001});
  const auto by_fused = tape.gradient(fused, std::vector<Variable<T>>{a, b}, g);
  const auto by_apart = tape.gradient(apart, std::vector<Variable<T>>{a, b}, g);
  const double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-13;
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(check::close(by_fused[k].value(), to_array<double>(xt::cast<double>(by_apart[k].value())),
                       tolerance));
  }
}

TEST_CASE("elementwise: one to five inputs that broadcast, arrays and numbers among them") {
  const check::Listed listed("elementwise");
  const Array<double> a = check::draw({2, 1, 3}, -1, 1, 1);
  const Array<double> b = check::draw({4, 1}, -1, 1, 2);
  const Array<double> c = check::draw({}, -1, 1, 3);
  const Array<double> d = check::draw({3}, -1, 1, 4);
  const Array<double> e = check::draw({1, 4, 3}, 1, 2, 5);
  const auto three = [](const auto& x, const auto& y, const auto& z) {
    return elementwise([](auto p, auto q, auto r) { return p * sin(q) + r * r * q; }, x, y, z);
  };
  check::derivatives(three, a, b, c);
  check::derivatives(three, c, b, d);
  const auto four = [](const auto& x, const auto& y, const auto& z, const auto& u) {
    return elementwise([](auto p, auto q, auto r, auto s) { return tanh(p * q) - r * exp(s * q); }, x, y, z,
                       u);
  };
  check::derivatives(four, a, b, c, d);
  const auto formula = [](auto p, auto q, auto r, auto s, auto t) {
    return (p * q + exp(r * s)) / t + 3 * s;
  };
  const auto five = [&](const auto& x, const auto& y, const auto& z, const auto& u, const auto& v) {
    return elementwise(formula, x, y, z, u, v);
  };
  Array<double> expected = empty<double>({2, 4, 3});
  for (std::size_t i = 0; i < 2; ++i) {
    for (std::size_t j = 0; j < 4; ++j) {
      for (std::size_t k = 0; k < 3; ++k)
        expected(i, j, k) = formula(a(i, 0, k), b(j, 0), c(), d(k), e(0, j, k));
    }
  }
  check::operation(five, expected, a, b, c, d, e);

  // A Variable combined with arrays and numbers, expressions, and integers.
  const V x = a;
  CHECK(
      check::close(elementwise(formula, x, xt::xarray<double>(b), c(), d, e * 1.0).value(), expected, 1e-15));
  CHECK(elementwise([](auto p, auto q) { return p + q; }, 1, V(2.5)).item() == 3.5);
  CHECK(elementwise([](auto p) { return p + p; }, x + 1).shape() == Shape{2, 1, 3});
}

TEST_CASE("elementwise: broadcasts over long rows, short rows and columns, and remainders of tiles") {
  const auto f = [](auto p, auto q, auto r) { return p * q + r; };
  for (const Shape& shape :
       {Shape{3, 2500}, Shape{2500, 3}, Shape{7, 11, 13}, Shape{1, 4097}, Shape{512, 16}}) {
    CAPTURE(to_string(shape));
    Shape row{shape.back()};
    Shape column = shape;
    column.back() = 1;
    const V p = check::draw(shape, -1, 1, 1);
    const V q = check::draw(row, -1, 1, 2);
    const V r = check::draw(column, -1, 1, 3);
    CHECK(elementwise(f, p, q, r).value() == (p * q + r).value());
    const auto fused = [&](const V& u, const V& v, const V& w) {
      return sum(square(elementwise(f, u, v, w)));
    };
    const auto apart = [&](const V& u, const V& v, const V& w) { return sum(square(u * v + w)); };
    CHECK(check::close(grad<1>(fused)(p, q, r).value(), grad<1>(apart)(p, q, r).value(), 1e-13));
    CHECK(check::close(grad<2>(fused)(p, q, r).value(), grad<2>(apart)(p, q, r).value(), 1e-13));
  }
}

TEST_CASE("elementwise: derivatives of every order") {
  const auto f = [](const V& x) { return elementwise([](auto a) { return exp(a) * sin(a); }, x); };
  const V x = 0.7;
  CHECK(grad(grad(grad(grad(f))))(x).item() == doctest::Approx(-4 * f(x).item()).epsilon(1e-12));
  const auto cube = [](const V& v) { return elementwise([](auto a) { return a * a * a; }, v); };
  CHECK(grad(grad(grad(cube)))(x).item() == doctest::Approx(6));
  CHECK(grad(grad(grad(grad(cube))))(x).item() == 0);
  // d^3 (a^2 b^3) / da db db = 12 a b
  const auto mixed = [](const V& a, const V& b) {
    return elementwise([](auto p, auto q) { return p * p * q * q * q; }, a, b);
  };
  CHECK(grad<1>(grad<1>(grad<0>(mixed)))(0.5, 2.0).item() == doctest::Approx(12));
  // Inside other transforms.
  const V v = xt::xarray<double>{0.5, -1, 2};
  const auto total = [&](const V& u) { return sum(cube(u) * v); };
  CHECK(check::close(hvp(total, v, V(xt::xarray<double>{1, 1, 1})).value(),
                     xt::xarray<double>{6 * 0.25, 6.0, 24.0}, 1e-14));
  CHECK(check::close(jvp(cube, v, V(xt::xarray<double>{1, 2, 3})).second.value(),
                     xt::xarray<double>{0.75, 6, 36}, 1e-14));
}

TEST_CASE("elementwise: derivatives at non-differentiable points") {
  const auto absolute = [](auto x) { return abs(x); };
  CHECK(slope_at(absolute, 0) == 0);
  CHECK(slope_at(absolute, -2) == -1);
  const auto larger = [](auto x) { return max(x, 1.0); };
  CHECK(slope_at(larger, 1) == 0.5);
  CHECK(slope_at([](auto x) { return min(x, -x); }, 0.0) == 0);
  CHECK(slope_at([](auto x) { return relu(x); }, 0.0) == 1);
  CHECK(slope_at([](auto x) { return sqrt(x); }, 0.0) == infinity);
  CHECK(slope_at([](auto x) { return hypot(x, x); }, 0.0) == 0);
  CHECK(slope_at([](auto x) { return pow(x, 0); }, 0.0) == 0);
  CHECK(slope_at([](auto x) { return pow(x, 1); }, 0.0) == 1);
  CHECK(slope_at([](auto x) { return pow(x, 2); }, -3.0) == doctest::Approx(-6));
  CHECK(slope_at([](auto x) { return pow(0.0 * x, x); }, 2.0) == 0);
  CHECK(at([](auto x) { return pow(x, 3); }, -2) == doctest::Approx(-8));
  CHECK(at([](auto x) { return pow(x, 0); }, not_a_number) == 1);
  CHECK(at([](auto x) { return pow(x, -1); }, 0) == infinity);
  CHECK(std::isnan(at([](auto x) { return pow(x, 0.5); }, -1)));
  CHECK(at([](auto x) { return hypot(x, 1e200); }, 1e200) == doctest::Approx(std::hypot(1e200, 1e200)));
  CHECK(at([](auto x) { return hypot(x, x); }, -infinity) == infinity);

  // NaN and infinity propagate.
  CHECK(std::isnan(at([](auto x) { return max(x, 1.0); }, not_a_number)));
  CHECK(std::isnan(at([](auto x) { return min(1.0, x); }, not_a_number)));
  CHECK(at([](auto x) { return where(isnan(x), 7, x); }, not_a_number) == 7);
  CHECK(at([](auto x) { return where(x != x, 7, x); }, 2) == 2);
  CHECK(at([](auto x) { return exp(x); }, -infinity) == 0);
  CHECK(at([](auto x) { return 1 / x; }, -0.0) == -infinity);

  // The branch that was not selected contributes nothing.
  const auto safe_log = [](auto x) { return where(x > 0, x * log(x), 0); };
  CHECK(at(safe_log, 0) == 0);
  CHECK(slope_at(safe_log, 0) == 0);
  CHECK(slope_at(safe_log, -1) == 0);
  CHECK(slope_at(safe_log, 1) == 1);
  CHECK(grad(grad([&](const V& v) { return elementwise(safe_log, v); }))(0.0).item() == 0);
}

TEST_CASE("elementwise: constants and unused inputs") {
  // Captured numbers and flags, a constant result, an input that the formula does not use.
  for (const bool squared : {true, false}) {
    const double factor = 3;
    const auto f = [&](auto x) {
      auto y = factor * x;
      for (int i = 0; i < 3; ++i) y += x;
      return where(squared, y * y, y);
    };
    CHECK(at(f, 2) == (squared ? 144 : 12));
    CHECK(slope_at(f, 2) == (squared ? 144 : 6));
  }
  CHECK(elementwise([](auto) { return 2; }, V(xt::xarray<double>{1, 1})).value() == xt::xarray<double>{2, 2});
  const V x = xt::xarray<double>{1, 2};
  const V y = xt::xarray<double>{3, 4};
  Tape tape;
  const auto first = elementwise([](auto a, auto) { return a; }, x, y);
  CHECK(first.value() == x.value());
  const auto gradients = tape.gradient(sum(first), std::vector<V>{x, y});
  CHECK(gradients[0].value() == xt::xarray<double>{1, 1});
  CHECK(gradients[1].value() == xt::xarray<double>{0, 0});
  // The same Variable as two inputs.
  const auto twice = elementwise([](auto a, auto b) { return a * b; }, x, x);
  CHECK(tape.gradient(sum(twice), x).value() == xt::xarray<double>{2, 4});
  // Operations on constants are not recorded, nor is anything without a tape.
  const std::size_t before = tape.size();
  CHECK(elementwise([](auto a) { return a * 2; }, constant(xt::xarray<double>{1})).node()->constant);
  CHECK(tape.size() == before);
}

TEST_CASE("elementwise: parameters, and one record per call") {
  Parameter<double> w(Array<double>(xt::xarray<double>{2, 3}));
  Tape tape;
  const auto y = elementwise([](auto a, auto b) { return exp(a * b) + a - b / 2; }, w, 0.5);
  CHECK(tape.size() == 2);
  tape.backward(sum(y));
  CHECK(check::close(w.grad(), xt::xarray<double>{0.5 * std::exp(1) + 1, 0.5 * std::exp(1.5) + 1}, 1e-14));
}

TEST_CASE("elementwise: long formulas share common subexpressions") {
  // Horner's scheme with 200 coefficients, and a sum of 200 equal terms.
  const auto series = [](auto x) {
    auto y = 0 * x;
    for (int i = 200; i > 0; --i) y = y * x + 1.0 / i;
    auto same = 0 * x;
    for (int i = 0; i < 200; ++i) same += sin(x);
    return y + same;
  };
  check_unary(series, -0.9, 0.9);
}

TEST_CASE("elementwise inside the function of elementwise") {
  const V x = xt::xarray<double>{1, 2};
  double total = 0;
  const auto y = elementwise(
      [&](auto a) {
        const auto doubled = a * 2;
        total = sum(elementwise([](auto b) { return b * b; }, x)).item();
        return doubled + total;
      },
      x);
  CHECK(y.value() == xt::xarray<double>{7, 9});
}

TEST_CASE("elementwise: errors") {
  const V x = xt::xarray<double>{1, 2, 3};
  const V y = xt::xarray<double>{1, 2};
  CHECK(check::message<ShapeError>([&] { elementwise([](auto a, auto b) { return a * b; }, x, y); }) ==
        "elementwise: shapes {3} and {2} do not broadcast: extents 3 and 2");
  ScalarExpression kept;
  elementwise([&](auto a) { return kept = a; }, x);
  CHECK(check::message<ValueError>([&] { kept = kept * 2; }) ==
        "elementwise: a number that its function was given was used after the call");
  CHECK(
      check::message<ValueError>([&] { elementwise([&](auto a) { return a * kept; }, x); }) ==
      "elementwise: its function used a number that belongs to another call of elementwise; entries live as "
      "long as the function that they were given to");
  CHECK(check::message<ValueError>([&] { elementwise([&](auto) { return kept; }, x); }) != "");
  // An exception thrown by the function propagates and leaves no state behind.
  CHECK_THROWS_AS(elementwise([](auto a) { return a * 2, throw ValueError("no"), a; }, x), ValueError);
  CHECK(check::message<ValueError>([&] { kept = kept * 2; }) ==
        "elementwise: a number that its function was given was used after the call");
}

TEST_CASE("plain numbers use the standard functions, whatever namespaces are open") {
  using namespace xt;
  using namespace std;
  const Variable<double> x = 0.5;
  const auto f = [](auto a) {
    return max(a, 0.1) * exp(-a) + min(a, a) + abs(a) + pow(a, 2) + where(a > 0, a, -a);
  };
  CHECK(elementwise(f, x).item() == doctest::Approx(f(0.5)));
  CHECK(std::is_same_v<decltype(exp(1.0)), double>);
  CHECK(std::is_same_v<decltype(exp(1.0F)), float>);
  CHECK(max(1, 2) == 2);
  CHECK(where(true, 1, 2.5) == 1);
  CHECK(xgrad::sqrt(4) == 2);
  CHECK(xgrad::exp(x).item() == doctest::Approx(std::exp(0.5)));
}
