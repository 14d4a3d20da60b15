#include "../support/accuracy.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

// An elementary function is bit-identical as an operation and inside `elementwise`, at every position and for
// every length of the array. Its special values are those of IEEE 754, and its derivatives do not lose small
// values.

namespace {

using namespace accuracy;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

template <class T>
void check_bits(const Array<T>& a, const Array<T>& b, const std::vector<T>& x, const char* what) {
  std::size_t different = 0, first = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!same_bits(a.data()[i], b.data()[i]) && different++ == 0) first = i;
  }
  CHECK_MESSAGE(different == 0, fmt::format("{}: {} entries differ, first {} and {} at {}", what, different,
                                            a.data()[first], b.data()[first], x[first]));
}

/// Compares the operation with elementwise.
template <class T, class F>
void agree(const F& f, const std::vector<T>& x) {
  const auto operation = evaluate<T>([&](const auto& in) { return f(in[0]); }, {x});
  const auto formula = evaluate<T>([&](const auto& in) { return elementwise(f, in[0]); }, {x});
  check_bits(operation.value, formula.value, x, "value");
  check_bits(operation.slopes[0], formula.slopes[0], x, "derivative");
}

/// Compares shifted entries and short arrays with the whole array.
template <class T, class F>
void check_positions(const F& f, const std::vector<T>& x) {
  const Array<T> whole = f(as_variable(x)).value();
  for (const std::size_t length : {1, 2, 3, 5, 8, 13, 17}) {
    for (std::size_t begin = length % 5; begin + length <= 400; begin += length) {
      const std::vector<T> part(x.begin() + begin, x.begin() + begin + length);
      const Array<T> alone = f(as_variable(part)).value();
      for (std::size_t i = 0; i < length; ++i) {
        const bool same = same_bits(alone.data()[i], whole.data()[begin + i]);
        if (!same) CHECK_MESSAGE(same, fmt::format("entry {} of {} at {}", i, length, part[i]));
      }
    }
  }
}

/// Numbers of all magnitudes, mixed.
template <class T>
std::vector<T> mixed() {
  std::vector<T> x = arguments<T>(4000);
  std::shuffle(x.begin(), x.end(), std::mt19937_64(4));
  return x;
}

template <class F>
void in_both(const char* name, const F& f) {
  CAPTURE(name);
  agree<float>(f, mixed<float>());
  agree<double>(f, mixed<double>());
  check_positions<float>(f, mixed<float>());
  check_positions<double>(f, mixed<double>());
}

template <class F>
void as_operation(const char* name, const F& f) {
  CAPTURE(name);
  check_positions<float>(f, mixed<float>());
  check_positions<double>(f, mixed<double>());
}

template <class F>
void in_both_of_two(const char* name, const F& f) {
  CAPTURE(name);
  const auto check = [&]<class T>(T) {
    std::vector<T> a = mixed<T>(), b = a;
    std::shuffle(b.begin(), b.end(), std::mt19937_64(5));
    const auto operation = evaluate<T>([&](const auto& in) { return f(in[0], in[1]); }, {a, b});
    const auto formula = evaluate<T>([&](const auto& in) { return elementwise(f, in[0], in[1]); }, {a, b});
    check_bits(operation.value, formula.value, a, "value");
    check_bits(operation.slopes[0], formula.slopes[0], a, "derivative by the first");
    check_bits(operation.slopes[1], formula.slopes[1], a, "derivative by the second");
  };
  check(0.0F);
  check(0.0);
}

template <class T = double, class F>
double value(const F& f, double x) {
  return f(Variable<T>(static_cast<T>(x))).item();
}
template <class T = double, class F>
double slope(const F& f, double x) {
  return grad(f)(Variable<T>(static_cast<T>(x))).item();
}
template <class T = double, class F>
double second(const F& f, double x) {
  return grad(grad(f))(Variable<T>(static_cast<T>(x))).item();
}

bool near(double got, double want, double relative = 1e-14) {
  return std::isnan(want) ? std::isnan(got)
                          : got == want || std::abs(got - want) <= relative * std::abs(want);
}

}  // namespace

TEST_CASE("operations and elementwise are bit-identical at every position") {
  in_both("exp", [](const auto& x) { return exp(x); });
  in_both("exp2", [](const auto& x) { return exp2(x); });
  in_both("expm1", [](const auto& x) { return expm1(x); });
  in_both("log", [](const auto& x) { return log(x); });
  in_both("log2", [](const auto& x) { return log2(x); });
  in_both("log10", [](const auto& x) { return log10(x); });
  in_both("log1p", [](const auto& x) { return log1p(x); });
  in_both("sqrt", [](const auto& x) { return sqrt(x); });
  in_both("cbrt", [](const auto& x) { return cbrt(x); });
  in_both("sin", [](const auto& x) { return sin(x); });
  in_both("cos", [](const auto& x) { return cos(x); });
  in_both("tan", [](const auto& x) { return tan(x); });
  in_both("asin", [](const auto& x) { return asin(x); });
  in_both("acos", [](const auto& x) { return acos(x); });
  in_both("atan", [](const auto& x) { return atan(x); });
  in_both("sinh", [](const auto& x) { return sinh(x); });
  in_both("cosh", [](const auto& x) { return cosh(x); });
  in_both("tanh", [](const auto& x) { return tanh(x); });
  in_both("asinh", [](const auto& x) { return asinh(x); });
  in_both("acosh", [](const auto& x) { return acosh(x); });
  in_both("atanh", [](const auto& x) { return atanh(x); });
  in_both("erf", [](const auto& x) { return erf(x); });
  in_both("erfc", [](const auto& x) { return erfc(x); });
  in_both("sigmoid", [](const auto& x) { return sigmoid(x); });
  in_both("round", [](const auto& x) { return round(x); });
  in_both("pow(x, 2)", [](const auto& x) { return pow(x, 2); });
  in_both("pow(x, 3)", [](const auto& x) { return pow(x, 3); });
  in_both("pow(x, -2)", [](const auto& x) { return pow(x, -2); });
  in_both("pow(x, 0.3)", [](const auto& x) { return pow(x, 0.3F); });
  in_both("pow(x, -0.7)", [](const auto& x) { return pow(x, -0.7F); });
  in_both("pow(x, 2.5)", [](const auto& x) { return pow(x, 2.5); });
}

TEST_CASE("functions without an elementwise form are bit-identical at every position") {
  as_operation("softplus", [](const auto& x) { return softplus(x); });
  as_operation("silu", [](const auto& x) { return silu(x); });
  as_operation("gelu", [](const auto& x) { return gelu(x); });
  as_operation("gelu, approximate", [](const auto& x) { return gelu(x, {.approximate = true}); });
  as_operation("elu", [](const auto& x) { return elu(x); });
  as_operation("reciprocal", [](const auto& x) { return reciprocal(x); });
  as_operation("rsqrt", [](const auto& x) { return rsqrt(x); });
}

TEST_CASE("functions of two numbers are bit-identical in elementwise") {
  in_both_of_two("pow", [](const auto& a, const auto& b) { return pow(a, b); });
  in_both_of_two("atan2", [](const auto& a, const auto& b) { return atan2(a, b); });
  in_both_of_two("hypot", [](const auto& a, const auto& b) { return hypot(a, b); });
}

TEST_CASE("pow has the special values of IEEE 754") {
  const std::vector<double> numbers{0.0,
                                    -0.0,
                                    1,
                                    -1,
                                    2,
                                    -2,
                                    0.5,
                                    -0.5,
                                    3,
                                    -3,
                                    1e20,
                                    -1e20,
                                    1e300,
                                    4.5,
                                    -2.5,
                                    10,
                                    infinity,
                                    -infinity,
                                    not_a_number,
                                    5e-324,
                                    -5e-324,
                                    1.7976931348623157e308};
  const auto power = [](auto p, auto q) { return pow(p, q); };
  for (const double a : numbers) {
    for (const double b : numbers) {
      CAPTURE(a);
      CAPTURE(b);
      const double want = std::pow(a, b);
      for (const double got :
           {pow(Variable<double>(a), Variable<double>(b)).item(), pow(Variable<double>(a), b).item(),
            elementwise(power, Variable<double>(a), Variable<double>(b)).item()}) {
        CHECK(near(got, want, 4e-16));
        CHECK((std::isnan(want) || std::signbit(got) == std::signbit(want)));
      }
    }
  }
  CHECK(elementwise(power, Variable<double>(10.0), Variable<double>(2.0)).item() == 100);
  CHECK(elementwise(power, Variable<float>(10.0F), Variable<float>(3.0F)).item() == 1000);
}

TEST_CASE("powers of 2 and 10 have exact logarithms") {
  for (int n = -1074; n < 1024; n += 7)
    CHECK(value([](const auto& x) { return log2(x); }, std::ldexp(1.0, n)) == n);
  for (int n = -126; n < 128; n += 5)
    CHECK(value<float>([](const auto& x) { return exp2(x); }, n) == std::ldexp(1.0, n));
}

TEST_CASE("derivatives in the tails of saturated functions") {
  const auto s = [](const auto& x) { return sum(sigmoid(x)); };
  const auto t = [](const auto& x) { return sum(tanh(x)); };
  const auto w = [](const auto& x) { return sum(silu(x)); };
  const auto p = [](const auto& x) { return sum(softplus(x)); };
  const double tail = 4.248354255291589e-18;  // e^-40
  CHECK(near(slope(s, 40), tail));
  CHECK(near(slope(s, -40), tail));
  CHECK(near(second(s, 40), -tail));
  CHECK(near(second(p, 40), tail));
  CHECK(near(slope(t, 20), 4 * tail));
  CHECK(near(slope(t, -20), 4 * tail));
  CHECK(near(second(t, 20), -8 * tail));
  CHECK(near(second(w, 40), -38 * tail));
  CHECK(near(slope([](const auto& x) { return sum(log(sigmoid(x))); }, 40), tail));
  CHECK(near(slope([](const auto& x) { return sum(elementwise([](auto v) { return tanh(v); }, x)); }, 20),
             4 * tail));
  // At 0 the higher derivatives are exact too: tanh''' is -2 and sigmoid''' is -1/8.
  CHECK(grad(grad(grad(t)))(Variable<double>(0.0)).item() == doctest::Approx(-2));
  CHECK(grad(grad(grad(s)))(Variable<double>(0.0)).item() == doctest::Approx(-0.125));
}

TEST_CASE("derivatives at large arguments, whose squares overflow") {
  const auto as = [](const auto& x) { return sum(asinh(x)); };
  const auto ac = [](const auto& x) { return sum(acosh(x)); };
  const auto at = [](const auto& x) { return sum(atan(x)); };
  CHECK(near(slope<float>(as, -1e30), 1e-30, 1e-6));
  CHECK(near(slope<float>(ac, 1e22), 1e-22, 1e-6));
  CHECK(near(slope<float>(at, 1e20), 1e-40, 1e-4));
  CHECK(near(slope(as, 1e200), 1e-200));
  CHECK(near(slope(ac, 1e200), 1e-200));
  CHECK(near(second(as, 1e60), -1e-120));
  CHECK(near(second(ac, 1e60), -1e-120));
  CHECK(near(second(at, 1e60), -2e-180));
  CHECK(near(second(at, 2), -4.0 / 25));
  CHECK(near(slope([](const auto& x) { return sum(log10(x)); }, 1e308), std::log10(std::exp(1.0)) * 1e-308));
  CHECK(near(slope([](const auto& x) { return sum(pow(x, 0.3)); }, 1e300),
             static_cast<double>(0.3 * std::pow(1e300L, 0.3L) / 1e300L)));
  CHECK(near(value([](const auto& x) { return pow(x, -2); }, 1e160), 1e-320, 1e-3));
}

TEST_CASE("GELU and SiLU of large arguments, to the second order") {
  const auto exact = [](const auto& x) { return sum(gelu(x)); };
  const auto with_tanh = [](const auto& x) { return sum(gelu(x, {.approximate = true})); };
  const auto swish = [](const auto& x) { return sum(silu(x)); };
  const auto check = [](const auto& f) {
    for (const double x : {200.0, 1e4, 1e13, 1e20, 1e30, infinity}) {
      CAPTURE(x);
      CHECK(slope<float>(f, x) == 1);
      CHECK(slope<float>(f, -x) == 0);
      CHECK(value<float>(f, x) == static_cast<float>(x));
      CHECK(value<float>(f, -x) == 0);
      CHECK(std::abs(second<float>(f, x)) < 1e-30);
      CHECK(std::abs(second<float>(f, -x)) < 1e-30);
    }
    CHECK(slope(f, 1e160) == 1);
    CHECK(slope(f, -1e160) == 0);
    CHECK(std::isnan(slope(f, not_a_number)));
  };
  check(exact);
  check(with_tanh);
  check(swish);
  CHECK(gradgradcheck(exact, xt::xarray<double>{-3, -0.7, -0.1, 0.2, 1, 4}).ok);
  CHECK(gradgradcheck(with_tanh, xt::xarray<double>{-3, -0.7, -0.1, 0.2, 1, 4}).ok);
  CHECK(gradgradcheck(swish, xt::xarray<double>{-3, -1.3, -0.1, 0.2, 1, 4}).ok);
}

TEST_CASE("derivatives of atan2 at and near the origin") {
  const auto angle = [](auto y, auto x) { return atan2(y, x); };
  for (const double size : {1e-24, 1e-200, 1e200}) {
    Variable<double> y(size), x(size);
    Tape tape;
    const auto a = elementwise(angle, y, x);
    CHECK(near(tape.gradient(a, y).item(), 0.5 / size));
    CHECK(near(tape.gradient(a, x).item(), -0.5 / size));
  }
  Variable<double> y(0.0), x(0.0);
  Tape tape;
  const auto a = elementwise(angle, y, x);
  CHECK(tape.gradient(a, y).item() == 0);
  CHECK(tape.gradient(a, x).item() == 0);
}

TEST_CASE("value and derivative are NaN outside the domain") {
  const auto both = [](const auto& f, double x) {
    CAPTURE(x);
    CHECK(std::isnan(value(f, x)));
    CHECK(std::isnan(slope(f, x)));
    CHECK(std::isnan(slope<float>(f, x)));
  };
  for (const double x : {-infinity, -1e300, -2.0, 2.0, 1e30, infinity}) {
    both([](const auto& v) { return asin(v); }, x);
    both([](const auto& v) { return acos(v); }, x);
    both([](const auto& v) { return atanh(v); }, x);
    both([](const auto& v) { return sum(elementwise([](auto u) { return atanh(u); }, v)); }, x);
  }
  for (const double x : {-infinity, -1e300, -1e30, -2.0, -1.0, 0.0, 0.5}) {
    both([](const auto& v) { return acosh(v); }, x);
    both([](const auto& v) { return sum(elementwise([](auto u) { return acosh(u); }, v)); }, x);
  }
}

TEST_CASE("values and derivatives at infinite arguments and NaN") {
  const auto at = [](const auto& f, double x, double y, double dy) {
    CAPTURE(x);
    CHECK(near(value(f, x), y));
    CHECK(near(slope(f, x), dy));
    CHECK(near(value<float>(f, x), y, 1e-6));
    CHECK(near(slope<float>(f, x), dy, 1e-6));
    CHECK(std::isnan(value(f, not_a_number)));
    CHECK(std::isnan(slope(f, not_a_number)));
  };
  const double half_pi = std::acos(0.0);
  at([](const auto& x) { return exp(x); }, infinity, infinity, infinity);
  at([](const auto& x) { return exp(x); }, -infinity, 0, 0);
  at([](const auto& x) { return expm1(x); }, -infinity, -1, 0);
  at([](const auto& x) { return log(x); }, infinity, infinity, 0);
  at([](const auto& x) { return log1p(x); }, infinity, infinity, 0);
  at([](const auto& x) { return sqrt(x); }, infinity, infinity, 0);
  at([](const auto& x) { return cbrt(x); }, -infinity, -infinity, 0);
  at([](const auto& x) { return sin(x); }, infinity, not_a_number, not_a_number);
  at([](const auto& x) { return atan(x); }, infinity, half_pi, 0);
  at([](const auto& x) { return atan(x); }, -infinity, -half_pi, 0);
  at([](const auto& x) { return sinh(x); }, -infinity, -infinity, infinity);
  at([](const auto& x) { return tanh(x); }, infinity, 1, 0);
  at([](const auto& x) { return asinh(x); }, -infinity, -infinity, 0);
  at([](const auto& x) { return acosh(x); }, infinity, infinity, 0);
  at([](const auto& x) { return erf(x); }, -infinity, -1, 0);
  at([](const auto& x) { return erfc(x); }, -infinity, 2, 0);
  at([](const auto& x) { return sigmoid(x); }, infinity, 1, 0);
  at([](const auto& x) { return sigmoid(x); }, -infinity, 0, 0);
  at([](const auto& x) { return softplus(x); }, infinity, infinity, 1);
}
