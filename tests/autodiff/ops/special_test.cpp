#include "../../support/check_function.hpp"

#include <numbers>

using namespace xgrad;
using check::inf;
using check::is;
using check::missing;

namespace {

/// digamma (order 0) and its derivatives: Binet's series for x >= 60, and the recurrence down from there.
double series(int order, double x) {
  double below = 0;
  for (; x < 60; ++x) below += 1 / std::pow(x, order + 1);
  const double r = 1 / x;
  switch (order) {
    case 0:
      return std::log(x) - r / 2 - r * r / 12 + std::pow(r, 4) / 120 - below;
    case 1:
      return r + r * r / 2 + std::pow(r, 3) / 6 - std::pow(r, 5) / 30 + below;
    default:
      return -(r * r + std::pow(r, 3) + std::pow(r, 4) / 2 - std::pow(r, 6) / 6 + 2 * below);
  }
}

}  // namespace

TEST_CASE("error function and gamma function against the standard library's") {
  check::function(
      "erf", {"", "torch.erf", "jax.scipy.special.erf"}, [](const auto& x) { return erf(x); },
      [](double x) { return std::erf(x); });
  check::function(
      "erfc", {"", "torch.erfc", "jax.scipy.special.erfc"}, [](const auto& x) { return erfc(x); },
      [](double x) { return std::erfc(x); });
  check::function(
      "lgamma", {"", "torch.lgamma", "jax.lax.lgamma"}, [](const auto& x) { return lgamma(x); },
      [](double x) { return std::lgamma(x); }, 0.5, 6);
}

TEST_CASE("digamma and polygamma against their series") {
  check::function(
      "digamma", {"", "torch.digamma", "jax.scipy.special.digamma"}, [](const auto& x) { return digamma(x); },
      [](double x) { return series(0, x); }, 0.5, 6);
  for (const int order : {0, 1, 2}) {
    check::function(
        "polygamma", {"", "torch.polygamma", "jax.scipy.special.polygamma"},
        [order](const auto& x) { return polygamma(order, x); },
        [order](double x) { return series(order, x); }, 0.8, 6);
  }
}

TEST_CASE("digamma and polygamma against values from mpmath") {
  const xt::xarray<double> x{0.001, 0.3, 1.2, 1.5, 2.75, 30.5, -0.5, -2.3, -7.75};
  CHECK(is(digamma(Variable<double>(x)),
           {-1000.5755719318102797, -3.5025242222001331249, -0.28903989659218835183, 0.036489973978576520559,
            0.81890102497543259228, 3.4012436689616610844, 0.036489973978576520559, 3.3173231575618227391,
            -1.0307688328309315122},
           3e-14));
  CHECK(is(polygamma(1, Variable<double>(xt::xarray<double>{0.3, 1.5, 2.75, 30.5, -0.5, -2.3})),
           {12.245364546107731301, 0.93480220054467930942, 0.43757125764893076144, 0.033330248112801608527,
            8.9348022005446793094, 14.725912160961291488},
           2e-15));
  CHECK(is(polygamma(2, Variable<double>(xt::xarray<double>{0.3, 1.5, 2.75, 30.5, -0.6, -2.3})),
           {-75.272536588726038917, -0.8287966442343199956, -0.18871463303130122305,
            -0.0011108026689359417368, -22.979869364319091419, 68.713792529270302002},
           1e-14));
  CHECK(is(polygamma(5, Variable<double>(xt::xarray<double>{0.3, 1.5, 30.5, -2.3})),
           {164634.84609922303643, 11.113548602435496242, 9.8628506179525111937e-7, 165660.0536116527362},
           1e-14));
  // The root of digamma lies 9.55e-17 above this number.
  CHECK(digamma(Variable<double>(1.4616321449683622)).item() ==
        doctest::Approx(-9.5499954299656977e-17 * 0.967672245447621162).epsilon(1e-10));
}

TEST_CASE("values at the edges") {
  const Variable<double> x = xt::xarray<double>{0, inf, -inf, missing, 1e300, -1e300, 1, 2, -1};
  CHECK(is(erf(x), {0, 1, -1, missing, 1, -1, std::erf(1), std::erf(2), -std::erf(1)}));
  CHECK(is(erfc(x), {1, 0, 2, missing, 0, 2, std::erfc(1), std::erfc(2), std::erfc(-1)}));
  CHECK(is(lgamma(x), {inf, inf, inf, missing, std::lgamma(1e300), inf, 0, 0, inf}));
  CHECK(is(digamma(x), {-inf, inf, missing, missing, std::log(1e300), missing, -std::numbers::egamma,
                        1 - std::numbers::egamma, missing}));
  const double zeta2 = std::numbers::pi * std::numbers::pi / 6;
  CHECK(is(polygamma(1, x), {inf, 0, missing, missing, 1e-300, inf, zeta2, zeta2 - 1, inf}));
  CHECK(is(polygamma(2, Variable<double>(xt::xarray<double>{0, -0.0, -1, inf})), {-inf, inf, missing, 0}));
  CHECK(is(check::slope([](const auto& v) { return erf(v); }, xt::xarray<double>{0, inf, -30}),
           {2 / std::sqrt(std::numbers::pi), 0, 0}));
}

TEST_CASE("precision over the range: near 0, in the tails, near zeros") {
  const auto e = [](const auto& x) { return erf(x); };
  const auto c = [](const auto& x) { return erfc(x); };
  const auto g = [](const auto& x) { return lgamma(x); };
  const auto std_e = [](double x) { return std::erf(x); };
  const auto std_c = [](double x) { return std::erfc(x); };
  const auto std_g = [](double x) { return std::lgamma(x); };
  check::double_precision(e, std_e, -6, 6);
  check::double_precision(e, std_e, -1e-5, 1e-5);
  check::double_precision(c, std_c, -6, 3, 12);
  check::double_precision(c, std_c, 3, 26, 12);
  check::double_precision(g, std_g, 0.999, 2.001);
  check::double_precision(g, std_g, -2.5, -2.4);
  check::double_precision(g, std_g, -30, 100);
  check::float_precision(e, std_e, -4, 4);
  check::float_precision(c, std_c, -4, 9, 12);
  check::float_precision(g, std_g, 0.9, 2.1, 2);
  check::float_precision(g, std_g, -10, 30, 2);
  check::float_precision([](const auto& x) { return digamma(x); }, [](double x) { return series(0, x); }, 0.1,
                         9, 2);
}

TEST_CASE("third derivatives") {
  const auto third = [](auto f, double x) { return grad(grad(grad(f)))(Variable<double>(x)).item(); };
  CHECK(third([](const Variable<double>& x) { return erf(x); }, 0) ==
        doctest::Approx(-4 / std::sqrt(std::numbers::pi)));
  CHECK(third([](const Variable<double>& x) { return lgamma(x); }, 1.5) ==
        doctest::Approx(-0.8287966442343199956));
}

TEST_CASE("errors") {
  CHECK(check::message<ValueError>([] { polygamma(-1, Variable<double>(1.0)); }) ==
        "polygamma: order -1; expected 0 or more");
}

TEST_CASE("other namespaces open") {
  using namespace std;
  using namespace xt;
  Variable<double> x = xt::xarray<double>{1, 2};
  const bool ours = VariableType<decltype(erf(x))> && VariableType<decltype(erfc(x))> &&
                    VariableType<decltype(lgamma(x))> && VariableType<decltype(digamma(x))> &&
                    VariableType<decltype(polygamma(1, x))>;
  CHECK(ours);
}
