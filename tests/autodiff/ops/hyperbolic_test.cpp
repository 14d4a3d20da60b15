#include "../../support/check_function.hpp"

using namespace xgrad;
using check::inf;
using check::is;
using check::missing;

TEST_CASE("hyperbolic functions against the standard library's") {
  check::function(
      "sinh", {"np.sinh", "torch.sinh", "jnp.sinh"}, [](const auto& x) { return sinh(x); },
      [](double x) { return std::sinh(x); });
  check::function(
      "cosh", {"np.cosh", "torch.cosh", "jnp.cosh"}, [](const auto& x) { return cosh(x); },
      [](double x) { return std::cosh(x); });
  check::function(
      "tanh", {"np.tanh", "torch.tanh", "jnp.tanh"}, [](const auto& x) { return tanh(x); },
      [](double x) { return std::tanh(x); });
  check::function(
      "asinh", {"np.arcsinh", "torch.asinh", "jnp.arcsinh"}, [](const auto& x) { return asinh(x); },
      [](double x) { return std::asinh(x); }, -4, 4);
  check::function(
      "acosh", {"np.arccosh", "torch.acosh", "jnp.arccosh"}, [](const auto& x) { return acosh(x); },
      [](double x) { return std::acosh(x); }, 1.2, 4);
  check::function(
      "atanh", {"np.arctanh", "torch.atanh", "jnp.arctanh"}, [](const auto& x) { return atanh(x); },
      [](double x) { return std::atanh(x); }, -0.9, 0.9);
}

TEST_CASE("values and derivatives at the edges") {
  const Variable<double> x = xt::xarray<double>{0, inf, -inf, missing, 1, -1, 1000, -1e300};
  CHECK(is(sinh(x), {0, inf, -inf, missing, std::sinh(1), std::sinh(-1), inf, -inf}));
  CHECK(is(cosh(x), {1, inf, inf, missing, std::cosh(1), std::cosh(1), inf, inf}));
  CHECK(is(tanh(x), {0, 1, -1, missing, std::tanh(1), std::tanh(-1), 1, -1}));
  CHECK(is(asinh(x),
           {0, inf, -inf, missing, std::asinh(1), std::asinh(-1), std::asinh(1000), std::asinh(-1e300)}));
  CHECK(is(acosh(x), {missing, inf, missing, missing, 0, missing, std::acosh(1000), missing}));
  CHECK(is(atanh(x), {0, missing, missing, missing, inf, -inf, missing, missing}));
  CHECK(is(check::slope([](const auto& v) { return tanh(v); }, x),
           {1, 0, 0, missing, 1 / std::pow(std::cosh(1), 2), 1 / std::pow(std::cosh(1), 2), 0, 0}, 1e-14));
  CHECK(std::isinf(check::slope([](const auto& v) { return acosh(v); }, Variable<double>(1.0)).item()));
  CHECK(std::isinf(check::slope([](const auto& v) { return atanh(v); }, Variable<double>(1.0)).item()));
}

TEST_CASE("precision over the range, also near 0") {
  for (const double far : {1e-6, 1.0, 20.0}) {
    check::double_precision([](const auto& x) { return sinh(x); }, [](double x) { return std::sinh(x); },
                            -far, far);
    check::double_precision([](const auto& x) { return tanh(x); }, [](double x) { return std::tanh(x); },
                            -far, far);
    check::double_precision([](const auto& x) { return asinh(x); }, [](double x) { return std::asinh(x); },
                            -far, far);
    check::float_precision([](const auto& x) { return tanh(x); }, [](double x) { return std::tanh(x); }, -far,
                           far);
  }
  check::double_precision([](const auto& x) { return atanh(x); }, [](double x) { return std::atanh(x); }, -1,
                          1);
  check::double_precision([](const auto& x) { return acosh(x); }, [](double x) { return std::acosh(x); }, 1,
                          1.01);
}

TEST_CASE("third derivatives") {
  const auto third = [](auto f, double x) { return grad(grad(grad(f)))(Variable<double>(x)).item(); };
  CHECK(third([](const Variable<double>& x) { return sinh(x); }, 0.3) == doctest::Approx(std::cosh(0.3)));
  CHECK(third([](const Variable<double>& x) { return tanh(x); }, 0.0) == doctest::Approx(-2));
  CHECK(third([](const Variable<double>& x) { return atanh(x); }, 0.0) == doctest::Approx(2));
  CHECK(third([](const Variable<double>& x) { return asinh(x); }, 0.0) == doctest::Approx(-1));
}

TEST_CASE("other namespaces open") {
  using namespace std;
  using namespace xt;
  Variable<double> x = xt::xarray<double>{0.1, 0.2};
  const bool ours = VariableType<decltype(sinh(x))> && VariableType<decltype(cosh(x))> &&
                    VariableType<decltype(tanh(x))> && VariableType<decltype(asinh(x))> &&
                    VariableType<decltype(acosh(x))> && VariableType<decltype(atanh(x))>;
  CHECK(ours);
}
