#include "../../support/check_operation.hpp"

#include <limits>

using namespace xgrad;

namespace {
const double inf = std::numeric_limits<double>::infinity();
const double missing = std::numeric_limits<double>::quiet_NaN();

double derivative(Variable<double> (*f)(const Variable<double>&), double x) {
  return grad(f)(Variable<double>(x)).item();
}
}  // namespace

TEST_CASE("functions of one number against the standard library's") {
  check::unary([](const auto& x) { return exp(x); }, [](double x) { return std::exp(x); });
  check::unary([](const auto& x) { return log(x); }, [](double x) { return std::log(x); }, 0.1, 4);
  check::unary([](const auto& x) { return sin(x); }, [](double x) { return std::sin(x); }, -4, 4);
  check::unary([](const auto& x) { return cos(x); }, [](double x) { return std::cos(x); }, -4, 4);
  check::unary([](const auto& x) { return sqrt(x); }, [](double x) { return std::sqrt(x); }, 0.1, 4);
  check::unary([](const auto& x) { return square(x); }, [](double x) { return x * x; });
  check::unary([](const auto& x) { return tanh(x); }, [](double x) { return std::tanh(x); });
  check::unary([](const auto& x) { return sigmoid(x); }, [](double x) { return 1 / (1 + std::exp(-x)); });
  check::unary([](const auto& x) { return relu(x); }, [](double x) { return std::max(x, 0.0); });
}

TEST_CASE("third derivatives") {
  const auto third = [](auto f) { return grad(grad(grad(f))); };
  const auto v = [](double x) { return Variable<double>(x); };
  CHECK(third([](const Variable<double>& x) { return exp(x); })(v(0.3)).item() ==
        doctest::Approx(std::exp(0.3)));
  CHECK(third([](const Variable<double>& x) { return log(x); })(v(0.5)).item() == doctest::Approx(16));
  CHECK(third([](const Variable<double>& x) { return sqrt(x); })(v(1)).item() == doctest::Approx(0.375));
  CHECK(third([](const Variable<double>& x) { return tanh(x); })(v(0)).item() == doctest::Approx(-2));
  CHECK(third([](const Variable<double>& x) { return sigmoid(x); })(v(0)).item() == doctest::Approx(-0.125));
}

TEST_CASE("values at the edges") {
  const Variable<double> x = xt::xarray<double>{0, inf, -inf, missing, 1000, -1000};
  const auto is = [&](const Variable<double>& y, const xt::xarray<double>& expected) {
    return check::close<double>(y.value(), expected, 0);
  };
  CHECK(is(exp(x), {1, inf, 0, missing, inf, 0}));
  CHECK(is(log(x), {-inf, inf, missing, missing, std::log(1000), missing}));
  CHECK(is(sqrt(x), {0, inf, missing, missing, std::sqrt(1000), missing}));
  CHECK(is(tanh(x), {0, 1, -1, missing, 1, -1}));
  CHECK(is(sigmoid(x), {0.5, 1, 0, missing, 1, 0}));
  CHECK(is(relu(x), {0, inf, 0, missing, 1000, 0}));
  const Variable<double> tiny = sigmoid(Variable<double>(-700.0));
  CHECK(tiny.item() == doctest::Approx(std::exp(-700.0)));  // not lost
}

TEST_CASE("derivatives at the edges") {
  CHECK(derivative(relu<double>, 0) == 1);  // the note's second appendix
  CHECK(derivative(relu<double>, -1e-300) == 0);
  CHECK(std::isinf(derivative(sqrt<double>, 0)));
  CHECK(std::isinf(derivative(log<double>, 0)));
  CHECK(derivative(sigmoid<double>, 1000) == 0);
  CHECK(derivative(tanh<double>, -1000) == 0);
}

TEST_CASE("large arguments of sin and cos") {
  const Variable<double> x = xt::xarray<double>{1e3, -1e6, 123456789.0};
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(sin(x).value()(i) == doctest::Approx(std::sin(x.value()(i))).epsilon(1e-9));
    CHECK(cos(x).value()(i) == doctest::Approx(std::cos(x.value()(i))).epsilon(1e-9));
  }
}

TEST_CASE("float has its precision over its range") {
  const Array<double> x = check::draw({1001}, -20, 20);
  const Variable<float> in_float = xt::cast<float>(x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto v = static_cast<double>(in_float.value()(i));
    CHECK(exp(in_float).value()(i) == doctest::Approx(std::exp(v)).epsilon(1e-6));
    CHECK(std::abs(static_cast<double>(tanh(in_float).value()(i)) - std::tanh(v)) < 5e-7);
  }
}

TEST_CASE("where chooses, with broadcasting") {
  const xt::xarray<bool> c{{true, false, true}, {false, false, true}};
  check::operation([&](const auto& a, const auto& b) { return where(c, a, b); },
                   xt::xarray<double>{{1, 20, 3}, {10, 20, 3}}, xt::xarray<double>{1, 2, 3},
                   xt::xarray<double>{10, 20, 30});
  check::operation([&](const auto& a) { return where(c, a, 0.5); },
                   xt::xarray<double>{{7, 0.5, 7}, {0.5, 0.5, 7}}, xt::xarray<double>{7});
  const Variable<double> x = xt::xarray<double>{1, 2};
  CHECK(where(xt::xarray<int>{0, 2}, x, 9).value() == xt::xarray<double>{9, 2});
  CHECK(check::has(check::message<ShapeError>([&] { where(c, x, x); }), "where"));
}

TEST_CASE("where: what was not taken gets zero, whatever its value") {
  const Variable<double> x = xt::xarray<double>{1, missing, inf};
  Tape tape;
  const auto y = sum(where(xt::xarray<bool>{true, false, false}, x, 0.0));
  CHECK(y.item() == 1);
  CHECK(tape.gradient(y, x).value() == xt::xarray<double>{1, 0, 0});
}

TEST_CASE("where inside and outside keeps a function's own NaN out of the gradient") {
  const Variable<double> x = xt::xarray<double>{4, -1, 0};
  const xt::xarray<bool> positive = x.value() > 0.0;
  Tape tape;
  const auto y = sum(where(positive, log(where(positive, x, 1.0)), 0.0));
  CHECK(y.item() == doctest::Approx(std::log(4.0)));
  CHECK(tape.gradient(y, x).value() == xt::xarray<double>{0.25, 0, 0});
}
