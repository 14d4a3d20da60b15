#include "../../support/check_function.hpp"

using namespace xgrad;
using check::inf;
using check::is;
using check::missing;

TEST_CASE("trigonometric functions against the standard library's") {
  check::function(
      "sin", {"np.sin", "torch.sin", "jnp.sin"}, [](const auto& x) { return sin(x); },
      [](double x) { return std::sin(x); }, -4, 4);
  check::function(
      "cos", {"np.cos", "torch.cos", "jnp.cos"}, [](const auto& x) { return cos(x); },
      [](double x) { return std::cos(x); }, -4, 4);
  check::function(
      "tan", {"np.tan", "torch.tan", "jnp.tan"}, [](const auto& x) { return tan(x); },
      [](double x) { return std::tan(x); }, -1.3, 1.3);
  check::function(
      "asin", {"np.arcsin", "torch.asin", "jnp.arcsin"}, [](const auto& x) { return asin(x); },
      [](double x) { return std::asin(x); }, -0.9, 0.9);
  check::function(
      "acos", {"np.arccos", "torch.acos", "jnp.arccos"}, [](const auto& x) { return acos(x); },
      [](double x) { return std::acos(x); }, -0.9, 0.9);
  check::function(
      "atan", {"np.arctan", "torch.atan", "jnp.arctan"}, [](const auto& x) { return atan(x); },
      [](double x) { return std::atan(x); }, -4, 4);
}

TEST_CASE("atan2") {
  const auto f = [](const auto& y, const auto& x) { return atan2(y, x); };
  check::function_of_two(
      "atan2", {"np.arctan2", "torch.atan2", "jnp.arctan2"}, f,
      [](double y, double x) { return std::atan2(y, x); }, 0.2, 2);
  check::operation(f, xt::xarray<double>{std::atan2(1, -2), std::atan2(-1, -2), std::atan2(-1, 3)},
                   xt::xarray<double>{1, -1, -1}, xt::xarray<double>{-2, -2, 3});
  const Variable<double> y = xt::xarray<double>{0, 0, 0, 1e-200, 1e200, inf};
  const Variable<double> x = xt::xarray<double>{0, 1, -1, 1e-200, 1e200, 1};
  const double quarter = std::atan(1.0);
  CHECK(is(atan2(y, x), {0, 0, 4 * quarter, quarter, quarter, 2 * quarter}));
  for (const double p : {0.0, -0.0, 1.0, -1.0, inf, -inf, missing}) {
    for (const double q : {0.0, -0.0, 1.0, -1.0, inf, -inf, missing}) {
      CAPTURE(p);
      CAPTURE(q);
      CHECK(is(atan2(Variable<double>(p), Variable<double>(q)), std::atan2(p, q)));
    }
  }
  const Variable<double> by_y = check::slope_of_two(f, y, x, 0);
  const Variable<double> by_x = check::slope_of_two(f, y, x, 1);
  CHECK(by_y.value()(0) == 0);  // at the origin
  CHECK(by_x.value()(0) == 0);
  CHECK(by_y.value()(3) == doctest::Approx(0.5e200));  // the squares would be 0 or infinite
  CHECK(by_x.value()(4) == doctest::Approx(-0.5e-200));
  CHECK(is(atan2(1, Variable<double>(1.0)), quarter));
  CHECK(is(atan2(Variable<double>(1.0), xt::xarray<double>{1, 1}), {quarter, quarter}));
}

TEST_CASE("values and derivatives at the edges") {
  const Variable<double> x = xt::xarray<double>{0, inf, -inf, missing, 1, -1, 2};
  const double quarter = std::atan(1.0);
  CHECK(is(atan(x), {0, 2 * quarter, -2 * quarter, missing, quarter, -quarter, std::atan(2)}));
  CHECK(is(asin(x), {0, missing, missing, missing, 2 * quarter, -2 * quarter, missing}));
  CHECK(is(acos(x), {2 * quarter, missing, missing, missing, 0, 4 * quarter, missing}));
  CHECK(is(sin(x), {0, missing, missing, missing, std::sin(1), std::sin(-1), std::sin(2)}));
  CHECK(is(check::slope([](const auto& v) { return asin(v); }, x),
           {1, missing, missing, missing, inf, inf, missing}));
  CHECK(is(check::slope([](const auto& v) { return acos(v); }, x),
           {-1, missing, missing, missing, -inf, -inf, missing}));
  CHECK(is(check::slope([](const auto& v) { return atan(v); }, x), {1, 0, 0, missing, 0.5, 0.5, 0.2}));
}

TEST_CASE("precision over the range, also for large arguments") {
  for (const double far : {1.0, 1e3, 1e6, 1e9, 1e15}) {
    check::double_precision([](const auto& x) { return sin(x); }, [](double x) { return std::sin(x); }, -far,
                            far);
    check::double_precision([](const auto& x) { return cos(x); }, [](double x) { return std::cos(x); }, -far,
                            far);
    check::double_precision([](const auto& x) { return tan(x); }, [](double x) { return std::tan(x); }, -far,
                            far);
    check::float_precision([](const auto& x) { return sin(x); }, [](double x) { return std::sin(x); }, -far,
                           far);
  }
  check::double_precision([](const auto& x) { return asin(x); }, [](double x) { return std::asin(x); }, -1,
                          1);
  check::double_precision([](const auto& x) { return acos(x); }, [](double x) { return std::acos(x); }, -1,
                          1);
  check::double_precision([](const auto& x) { return atan(x); }, [](double x) { return std::atan(x); }, -50,
                          50);
}

TEST_CASE("third derivatives") {
  const auto third = [](auto f, double x) { return grad(grad(grad(f)))(Variable<double>(x)).item(); };
  const auto approx = [](double x) { return doctest::Approx(x); };
  CHECK(third([](const Variable<double>& x) { return sin(x); }, 0.4) == approx(-std::cos(0.4)));
  CHECK(third([](const Variable<double>& x) { return tan(x); }, 0.0) == approx(2));
  CHECK(third([](const Variable<double>& x) { return asin(x); }, 0.0) == approx(1));
  CHECK(third([](const Variable<double>& x) { return atan(x); }, 0.0) == approx(-2));
}

TEST_CASE("other namespaces open") {
  using namespace std;
  using namespace xt;
  xt::xarray<double> raw{0.1, 0.2};
  Variable<double> x = raw;
  const bool ours = VariableType<decltype(sin(x))> && VariableType<decltype(cos(x))> &&
                    VariableType<decltype(tan(x))> && VariableType<decltype(asin(x))> &&
                    VariableType<decltype(acos(x))> && VariableType<decltype(atan(x))> &&
                    VariableType<decltype(atan2(x, raw))> && VariableType<decltype(atan2(raw, x))> &&
                    VariableType<decltype(atan2(1.0, x))>;
  CHECK(ours);
  CHECK(is_xexpression<decltype(atan2(raw, raw))>::value);
  CHECK(check::has(check::message<ShapeError>([&] { atan2(x, xt::xarray<double>{1, 2, 3}); }),
                   "atan2: shapes {2} and {3} do not broadcast"));
}
