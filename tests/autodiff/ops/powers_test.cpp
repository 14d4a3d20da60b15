#include "../../support/check_function.hpp"

using namespace xgrad;
using check::inf;
using check::is;
using check::missing;

TEST_CASE("powers and roots against the standard library's") {
  check::function(
      "square", {"np.square", "torch.square", "jnp.square"}, [](const auto& x) { return square(x); },
      [](double x) { return x * x; });
  check::function(
      "reciprocal", {"np.reciprocal", "torch.reciprocal", "jnp.reciprocal"},
      [](const auto& x) { return reciprocal(x); }, [](double x) { return 1 / x; }, 0.3, 4);
  check::function(
      "sqrt", {"np.sqrt", "torch.sqrt", "jnp.sqrt"}, [](const auto& x) { return sqrt(x); },
      [](double x) { return std::sqrt(x); }, 0.1, 4);
  check::function(
      "rsqrt", {"", "torch.rsqrt", "jax.lax.rsqrt"}, [](const auto& x) { return rsqrt(x); },
      [](double x) { return 1 / std::sqrt(x); }, 0.3, 4);
  check::function(
      "cbrt", {"np.cbrt", "", "jnp.cbrt"}, [](const auto& x) { return cbrt(x); },
      [](double x) { return std::cbrt(x); }, 0.3, 4);
}

TEST_CASE("exponentials and logarithms against the standard library's") {
  check::function(
      "exp", {"np.exp", "torch.exp", "jnp.exp"}, [](const auto& x) { return exp(x); },
      [](double x) { return std::exp(x); });
  check::function(
      "exp2", {"np.exp2", "torch.exp2", "jnp.exp2"}, [](const auto& x) { return exp2(x); },
      [](double x) { return std::exp2(x); });
  check::function(
      "expm1", {"np.expm1", "torch.expm1", "jnp.expm1"}, [](const auto& x) { return expm1(x); },
      [](double x) { return std::expm1(x); });
  check::function(
      "log", {"np.log", "torch.log", "jnp.log"}, [](const auto& x) { return log(x); },
      [](double x) { return std::log(x); }, 0.1, 4);
  check::function(
      "log1p", {"np.log1p", "torch.log1p", "jnp.log1p"}, [](const auto& x) { return log1p(x); },
      [](double x) { return std::log1p(x); }, -0.8, 4);
  check::function(
      "log2", {"np.log2", "torch.log2", "jnp.log2"}, [](const auto& x) { return log2(x); },
      [](double x) { return std::log2(x); }, 0.1, 4);
  check::function(
      "log10", {"np.log10", "torch.log10", "jnp.log10"}, [](const auto& x) { return log10(x); },
      [](double x) { return std::log10(x); }, 0.1, 4);
}

TEST_CASE("third derivatives") {
  const auto third = [](auto f, double x) { return grad(grad(grad(f)))(Variable<double>(x)).item(); };
  CHECK(third([](const Variable<double>& x) { return exp(x); }, 0.3) == doctest::Approx(std::exp(0.3)));
  CHECK(third([](const Variable<double>& x) { return log(x); }, 0.5) == doctest::Approx(16));
  CHECK(third([](const Variable<double>& x) { return sqrt(x); }, 1) == doctest::Approx(0.375));
  CHECK(third([](const Variable<double>& x) { return cbrt(x); }, 1) == doctest::Approx(10.0 / 27));
  CHECK(third([](const Variable<double>& x) { return reciprocal(x); }, 2) == doctest::Approx(-6.0 / 16));
}

TEST_CASE("values at the edges") {
  const Variable<double> x = xt::xarray<double>{0, inf, -inf, missing, 1000, -1000};
  CHECK(is(exp(x), {1, inf, 0, missing, inf, 0}));
  CHECK(is(exp2(x), {1, inf, 0, missing, std::exp2(1000), std::exp2(-1000)}));
  CHECK(is(exp2(Variable<double>(1023.5)), std::exp2(1023.5)));
  CHECK(exp2(Variable<float>(127.0F)).item() == std::exp2(127.0F));
  CHECK(is(exp2(xt::xarray<double>{1024, -2000} + Variable<double>(0.0)), {inf, 0}));
  CHECK(is(expm1(x), {0, inf, -1, missing, inf, -1}));
  CHECK(is(log(x), {-inf, inf, missing, missing, std::log(1000), missing}));
  CHECK(is(log1p(x), {0, inf, missing, missing, std::log1p(1000), missing}));
  CHECK(is(log2(x), {-inf, inf, missing, missing, std::log2(1000), missing}));
  CHECK(is(log10(x), {-inf, inf, missing, missing, 3, missing}));
  CHECK(is(sqrt(x), {0, inf, missing, missing, std::sqrt(1000), missing}));
  CHECK(is(rsqrt(x), {inf, 0, missing, missing, 1 / std::sqrt(1000), missing}));
  CHECK(is(cbrt(x), {0, inf, -inf, missing, 10, -10}));
  CHECK(is(reciprocal(x), {inf, 0, 0, missing, 0.001, -0.001}));
}

TEST_CASE("derivatives at the edges") {
  const Variable<double> zero = 0.0;
  CHECK(check::slope([](const auto& v) { return sqrt(v); }, zero).item() == inf);
  CHECK(check::slope([](const auto& v) { return cbrt(v); }, zero).item() == inf);
  CHECK(check::slope([](const auto& v) { return log(v); }, zero).item() == inf);
  CHECK(check::slope([](const auto& v) { return log2(v); }, zero).item() == inf);
  CHECK(check::slope([](const auto& v) { return log10(v); }, zero).item() == inf);
  CHECK(check::slope([](const auto& v) { return log1p(v); }, Variable<double>(-1.0)).item() == inf);
  // The exponential itself, because the result plus 1 would have no correct digits.
  CHECK(check::slope([](const auto& v) { return expm1(v); }, Variable<double>(-50.0)).item() ==
        doctest::Approx(std::exp(-50.0)));
}

TEST_CASE("sqrt with a finite derivative at 0") {
  const auto f = [](const auto& x) { return sqrt(x, {.derivative_at_zero = 0}); };
  check::unary(f, [](double x) { return std::sqrt(x); }, 0.1, 4);
  const Variable<double> x = xt::xarray<double>{0, 4, -1};
  CHECK(is(f(x), {0, 2, missing}));
  CHECK(is(check::slope(f, x), {0, 0.25, missing}));
  CHECK(is(check::slope([](const auto& v) { return sqrt(v, {.derivative_at_zero = 3}); }, x).value()(0), 3));
  // The length of a zero vector: its gradient is 0 and not NaN, also to second order.
  const auto length = [&](const Variable<double>& v) { return f(sum(square(v))); };
  const Variable<double> origin = xt::xarray<double>{0, 0};
  CHECK(is(grad(length)(origin), {0, 0}));
  Tape outer;
  CHECK(is(outer.gradient(sum(grad(length)(origin)), origin), {0, 0}));
}

TEST_CASE("precision over the range, also near 0") {
  check::double_precision([](const auto& x) { return exp(x); }, [](double x) { return std::exp(x); }, -700,
                          700);
  check::double_precision([](const auto& x) { return exp2(x); }, [](double x) { return std::exp2(x); }, -900,
                          900);
  check::double_precision([](const auto& x) { return expm1(x); }, [](double x) { return std::expm1(x); },
                          -1e-5, 1e-5);
  check::double_precision([](const auto& x) { return expm1(x); }, [](double x) { return std::expm1(x); }, -9,
                          9);
  check::double_precision([](const auto& x) { return log1p(x); }, [](double x) { return std::log1p(x); },
                          -1e-5, 1e-5);
  check::double_precision([](const auto& x) { return log(x); }, [](double x) { return std::log(x); }, 0.99,
                          1.01);
  check::double_precision([](const auto& x) { return log2(x); }, [](double x) { return std::log2(x); }, 0,
                          1e9);
  check::double_precision([](const auto& x) { return log10(x); }, [](double x) { return std::log10(x); }, 0,
                          1e9);
  check::double_precision([](const auto& x) { return cbrt(x); }, [](double x) { return std::cbrt(x); }, -1e9,
                          1e9);
  check::float_precision([](const auto& x) { return exp(x); }, [](double x) { return std::exp(x); }, -80, 80);
  check::float_precision([](const auto& x) { return log(x); }, [](double x) { return std::log(x); }, 0, 1e6);
  check::float_precision([](const auto& x) { return expm1(x); }, [](double x) { return std::expm1(x); },
                         -1e-3, 1e-3);
  check::float_precision([](const auto& x) { return log1p(x); }, [](double x) { return std::log1p(x); },
                         -1e-3, 1e-3);
}

TEST_CASE("where selects, with broadcasting") {
  const check::Listed listed("where", {"np.where", "torch.where", "jnp.where"});
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

TEST_CASE("where: the branch not taken gets gradient 0, whatever its value") {
  const Variable<double> x = xt::xarray<double>{1, missing, inf};
  Tape tape;
  const auto y = sum(where(xt::xarray<bool>{true, false, false}, x, 0.0));
  CHECK(y.item() == 1);
  CHECK(tape.gradient(y, x).value() == xt::xarray<double>{1, 0, 0});
}

TEST_CASE("where inside and outside a function keeps its NaN out of the gradient") {
  const Variable<double> x = xt::xarray<double>{4, -1, 0};
  const xt::xarray<bool> positive = x.value() > 0.0;
  Tape tape;
  const auto y = sum(where(positive, log(where(positive, x, 1.0)), 0.0));
  CHECK(y.item() == doctest::Approx(std::log(4.0)));
  CHECK(tape.gradient(y, x).value() == xt::xarray<double>{0.25, 0, 0});
}

TEST_CASE("other namespaces open") {
  using namespace std;
  using namespace xt;
  xt::xarray<double> raw{1, 2};
  Variable<double> x = raw;
  const bool ours =
      VariableType<decltype(square(x))> && VariableType<decltype(reciprocal(x))> &&
      VariableType<decltype(sqrt(x))> && VariableType<decltype(sqrt(x, {.derivative_at_zero = 0}))> &&
      VariableType<decltype(rsqrt(x))> && VariableType<decltype(cbrt(x))> && VariableType<decltype(exp(x))> &&
      VariableType<decltype(exp2(x))> && VariableType<decltype(expm1(x))> && VariableType<decltype(log(x))> &&
      VariableType<decltype(log1p(x))> && VariableType<decltype(log2(x))> &&
      VariableType<decltype(log10(x))> && VariableType<decltype(where(raw > 1.0, x, 0))>;
  CHECK(ours);
  CHECK(is_xexpression<decltype(sqrt(raw))>::value);
}
