#include "../../support/check_function.hpp"

using namespace xgrad;
using check::inf;
using check::is;
using check::missing;

namespace {
const auto power = [](const auto& a, const auto& b) { return pow(a, b); };
}  // namespace

TEST_CASE("pow of arrays") {
  check::function_of_two(
      "pow", {"np.power", "torch.pow", "jnp.power"}, power, [](double a, double b) { return std::pow(a, b); },
      0.3, 2);
}

TEST_CASE("pow with numbers") {
  const check::Listed listed("pow", {"np.power", "torch.pow", "jnp.power"});
  for (const double c : {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, -1.0, -2.0, 0.5, -1.7}) {
    CAPTURE(c);
    check::unary([c](const auto& x) { return pow(x, c); }, [c](double x) { return std::pow(x, c); }, 0.3, 2);
  }
  for (const double base : {1.0, 2.5, 0.3}) {
    CAPTURE(base);
    check::unary([base](const auto& x) { return pow(base, x); },
                 [base](double x) { return std::pow(base, x); });
  }
  const xt::xarray<double> raw{-1, 2};
  const Variable<double> x = xt::xarray<double>{2, 3};
  CHECK(is(pow(raw, x), {1, 8}));
  CHECK(is(pow(x, raw), {0.5, 9}));
  CHECK(is(pow(x, 2), {4, 9}));
}

TEST_CASE("pow of 0 and of negative numbers") {
  const Variable<double> a = xt::xarray<double>{0, 0, 0, 0, -2, -2, -2, -2, -0.0, missing, inf, 1};
  const Variable<double> b = xt::xarray<double>{0, 1, 2, -1, 2, 3, -1, 0.5, 3, 0, 0, missing};
  Array<double> expected(a.shape());
  for (std::size_t i = 0; i < a.size(); ++i) expected(i) = std::pow(a.value()(i), b.value()(i));
  CHECK(is(pow(a, b), expected, 0));
  // x^0 is 1 for every x, NaN included: its derivative is 0 (as in PyTorch).
  CHECK(is(check::slope_of_two(power, a, b, 0), {0, 1, 0, -inf, -4, 12, -0.25, missing, 0, 0, 0, missing}));
  CHECK(
      is(check::slope_of_two(power, xt::xarray<double>{0, 0, 0, 1, 2}, xt::xarray<double>{0, 2, -1, 5, 3}, 1),
         {0, 0, -inf, 0, 8 * std::log(2)}));
  // The derivative with respect to the exponent, NaN at a negative base, does not affect the gradient of the
  // base.
  const auto squares = [](const auto& v) { return pow(v, xt::xarray<double>{2, 2, 2}); };
  CHECK(is(check::slope(squares, xt::xarray<double>{-3, 0, 3}), {-6, 0, 6}));
  CHECK(std::isnan(check::slope_of_two(power, Variable<double>(-2.0), Variable<double>(2.0), 1).item()));
}

TEST_CASE("pow with a number at 0 and at negative numbers, to the third order") {
  const auto derivative = [](double c, double x, int order) {
    const auto f = [c](const Variable<double>& v) { return pow(v, c); };
    const Variable<double> at(x);
    return order == 1   ? grad(f)(at).item()
           : order == 2 ? grad(grad(f))(at).item()
                        : grad(grad(grad(f)))(at).item();
  };
  CHECK(derivative(0, 0, 1) == 0);
  CHECK(derivative(1, 0, 1) == 1);
  CHECK(derivative(1, 0, 2) == 0);
  CHECK(derivative(2, 0, 1) == 0);
  CHECK(derivative(2, 0, 2) == 2);
  CHECK(derivative(2, 0, 3) == 0);
  CHECK(derivative(3, 0, 3) == 6);
  CHECK(derivative(3, -2, 2) == -12);
  CHECK(derivative(5, -1, 3) == 60);
  CHECK(derivative(-1, -2, 1) == -0.25);
  CHECK(derivative(0.5, 0, 1) == inf);
}

TEST_CASE("pow of arrays at 0 and at negative numbers, to the second order") {
  const Variable<double> a = xt::xarray<double>{0, 0, -2, -1};
  const xt::xarray<double> b{2, 3, 3, 4};
  const auto first = [&](const Variable<double>& v) { return sum(pow(v, b)); };
  Tape outer;
  const auto second = outer.gradient(sum(grad(first)(a)), a);
  CHECK(is(second, {2, 0, -12, 12}));
}

TEST_CASE("hypot") {
  const auto f = [](const auto& a, const auto& b) { return hypot(a, b); };
  check::function_of_two(
      "hypot", {"np.hypot", "torch.hypot", "jnp.hypot"}, f,
      [](double a, double b) { return std::hypot(a, b); }, 0.3, 2);
  const Variable<double> a = xt::xarray<double>{0, 3, 1e300, 1e-300, inf, -inf, missing, 5e-324, -3};
  const Variable<double> b = xt::xarray<double>{0, 4, 1e300, 1e-300, missing, 1, 1, 0, 0};
  CHECK(is(hypot(a, b),
           {0, 5, std::hypot(1e300, 1e300), std::hypot(1e-300, 1e-300), inf, inf, missing, 5e-324, 3}));
  const Variable<double> slope = check::slope_of_two(f, a, b, 0);
  CHECK(slope.value()(0) == 0);  // at the origin
  CHECK(slope.value()(1) == doctest::Approx(0.6));
  CHECK(slope.value()(2) == doctest::Approx(std::sqrt(0.5)));
  CHECK(slope.value()(8) == -1);
  const Variable<float> small = 3e-30F;
  CHECK(hypot(small, 4e-30).item() == doctest::Approx(5e-30).epsilon(1e-6));
  CHECK(hypot(3, Variable<float>(4.0F)).item() == 5);
}

TEST_CASE("logaddexp") {
  const auto f = [](const auto& a, const auto& b) { return logaddexp(a, b); };
  check::function_of_two("logaddexp", {"np.logaddexp", "torch.logaddexp", "jnp.logaddexp"}, f,
                         [](double a, double b) { return std::log(std::exp(a) + std::exp(b)); });
  const Variable<double> a = xt::xarray<double>{1000, -1000, inf, -inf, -inf, inf, missing, 3};
  const Variable<double> b = xt::xarray<double>{999, -1000, inf, -inf, 2, -inf, 0, missing};
  CHECK(is(f(a, b),
           {1000 + std::log1p(std::exp(-1)), -1000 + std::log(2), inf, -inf, 2, inf, missing, missing}));
  CHECK(is(check::slope_of_two(f, a, b, 0), {1 / (1 + std::exp(-1)), 0.5, 0.5, 0.5, 0, 1, missing, missing}));
  const auto doubled = [](const Variable<double>& x) { return logaddexp(x, Variable<double>(0.0)); };
  CHECK(grad(grad(doubled))(Variable<double>(0.0)).item() == 0.25);
  CHECK(is(logaddexp(0, Variable<double>(0.0)), std::log(2)));
}

TEST_CASE("xlogy") {
  const auto f = [](const auto& x, const auto& y) { return xlogy(x, y); };
  check::function_of_two(
      "xlogy", {"", "torch.xlogy", "jax.scipy.special.xlogy"}, f,
      [](double x, double y) { return x * std::log(y); }, 0.3, 2);
  const Variable<double> x = xt::xarray<double>{0, 0, 0, 0, 2, 1};
  const Variable<double> y = xt::xarray<double>{0, 3, -1, missing, 3, 0};
  CHECK(is(f(x, y), {0, 0, 0, missing, 2 * std::log(3), -inf}));
  CHECK(is(check::slope_of_two(f, x, y, 0), {0, std::log(3), 0, missing, std::log(3), -inf}));
  CHECK(is(check::slope_of_two(f, x, y, 1), {0, 0, 0, missing, 2.0 / 3, inf}));
}

TEST_CASE("x log x at 0, to the second order") {
  const auto entropy = [](const Variable<double>& p) { return -sum(xlogy(p, p)); };
  const Variable<double> p = xt::xarray<double>{0, 0.5, 1};
  CHECK(entropy(p).item() == doctest::Approx(0.5 * std::log(2)));
  CHECK(is(grad(entropy)(p), {0, std::log(2) - 1, -1}));
  Tape outer;
  CHECK(is(outer.gradient(sum(grad(entropy)(p)), p).value()(1), -2));
}

TEST_CASE("operands and errors") {
  const Variable<double> a = check::draw({2, 3}, 0.5, 1);
  const xt::xarray<double> wrong{1, 2};
  CHECK(check::message<ShapeError>([&] { pow(a, wrong); }) ==
        "pow: shapes {2, 3} and {2} do not broadcast: extents 3 and 2");
  CHECK(check::has(check::message<ShapeError>([&] { hypot(a, wrong); }), "hypot"));
  CHECK(check::has(check::message<ShapeError>([&] { logaddexp(wrong, a); }), "logaddexp"));
  CHECK(check::has(check::message<ShapeError>([&] { xlogy(a, wrong); }), "xlogy"));
}

TEST_CASE("other namespaces open") {
  using namespace std;
  using namespace xt;
  xt::xarray<double> raw{1, 2};
  Variable<double> x = raw;
  const bool ours = VariableType<decltype(pow(x, 2))> && VariableType<decltype(pow(x, x))> &&
                    VariableType<decltype(pow(x, raw))> && VariableType<decltype(pow(raw, x))> &&
                    VariableType<decltype(pow(2.0, x))> && VariableType<decltype(hypot(x, 1.0))> &&
                    VariableType<decltype(hypot(raw, x))> && VariableType<decltype(logaddexp(x, raw))> &&
                    VariableType<decltype(xlogy(x, x))>;
  CHECK(ours);
  CHECK(is_xexpression<decltype(pow(raw, 2.0))>::value);
}
