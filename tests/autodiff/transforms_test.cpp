#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

using namespace xgrad;

TEST_CASE("grad gives the gradient as a function") {
  const auto f = [](const Variable<double>& v) { return sum(exp(v) * v); };
  const auto df = grad(f);
  const Variable<double> x = xt::xarray<double>{0, 1};
  CHECK(df(x).value()(0) == doctest::Approx(1));
  CHECK(df(x).value()(1) == doctest::Approx(2 * std::exp(1.0)));
  CHECK(df(xt::xarray<double>{0, 1}).value() == df(x).value());
}

TEST_CASE("value_and_grad gives both from one recording") {
  int calls = 0;
  const auto f = [&](const Variable<double>& v) { return ++calls, sum(v * v); };
  const auto [value, slope] = value_and_grad(f, Variable<double>(xt::xarray<double>{1, 2}));
  CHECK(calls == 1);
  CHECK(value.item() == 5);
  CHECK(slope.value() == xt::xarray<double>{2, 4});
}

TEST_CASE("grad nests: derivatives of sin to the fifth order") {
  const auto d1 = grad([](const Variable<double>& v) { return sin(v); });
  const auto d2 = grad(d1);
  const auto d3 = grad(d2);
  const auto d4 = grad(d3);
  const auto d5 = grad(d4);
  const double x = 0.7;
  CHECK(d1(x).item() == doctest::Approx(std::cos(x)).epsilon(1e-12));
  CHECK(d2(x).item() == doctest::Approx(-std::sin(x)).epsilon(1e-12));
  CHECK(d3(x).item() == doctest::Approx(-std::cos(x)).epsilon(1e-12));
  CHECK(d4(x).item() == doctest::Approx(std::sin(x)).epsilon(1e-12));
  CHECK(d5(x).item() == doctest::Approx(std::cos(x)).epsilon(1e-12));
}

TEST_CASE("no confusion between the variables of nested derivatives") {
  // d/dx of x d/dy (x + y) at y = 1 is 1 (Siskind and Pearlmutter, 2005).
  const auto f = [](const Variable<double>& x) {
    return x * grad([&](const Variable<double>& y) { return x + y; })(Variable<double>(1.0));
  };
  CHECK(grad(f)(Variable<double>(1.0)).item() == 1);
}

TEST_CASE("other arguments are passed on") {
  const auto f = [](const Variable<double>& x, double scale, const Variable<double>& w) {
    return sum(x * w) * scale;
  };
  const Variable<double> x = xt::xarray<double>{1, 2};
  const Variable<double> w = xt::xarray<double>{3, 4};
  CHECK(grad(f)(x, 2.0, w).value() == xt::xarray<double>{6, 8});
}

TEST_CASE("an argument that does not matter has gradient zero, and a constant one is differentiated by") {
  const auto x = constant(xt::xarray<double>{1, 2});
  CHECK(grad([](const Variable<double>&) { return Variable<double>(1.0); })(x).value() ==
        xt::xarray<double>{0, 0});
  CHECK(grad([](const Variable<double>& v) { return sum(v * v); })(x).value() == xt::xarray<double>{2, 4});
}

TEST_CASE("a function whose result is not one number is an error") {
  const auto f = [](const Variable<double>& v) { return v * 2; };
  CHECK_THROWS_AS(grad(f)(Variable<double>(xt::xarray<double>{1, 2})), TapeError);
}
