#include "../../support/check_function.hpp"

using namespace xgrad;
using check::inf;
using check::is;
using check::missing;

TEST_CASE("abs, sign and rounding against the standard library") {
  check::function(
      "abs", {"np.abs", "torch.abs", "jnp.abs"}, [](const auto& x) { return abs(x); },
      [](double x) { return std::abs(x); });
  check::function(
      "sign", {"np.sign", "torch.sign", "jnp.sign"}, [](const auto& x) { return sign(x); },
      [](double x) { return double((x > 0) - (x < 0)); });
  check::function(
      "floor", {"np.floor", "torch.floor", "jnp.floor"}, [](const auto& x) { return floor(x); },
      [](double x) { return std::floor(x); });
  check::function(
      "ceil", {"np.ceil", "torch.ceil", "jnp.ceil"}, [](const auto& x) { return ceil(x); },
      [](double x) { return std::ceil(x); });
  check::function(
      "round", {"np.round", "torch.round", "jnp.round"}, [](const auto& x) { return round(x); },
      [](double x) { return std::nearbyint(x); });
  check::function(
      "trunc", {"np.trunc", "torch.trunc", "jnp.trunc"}, [](const auto& x) { return trunc(x); },
      [](double x) { return std::trunc(x); });
}

TEST_CASE("values at the edges") {
  const Variable<double> x = xt::xarray<double>{0, inf, -inf, missing, 0.5, 1.5, -2.5, 1e300};
  CHECK(is(abs(x), {0, inf, inf, missing, 0.5, 1.5, 2.5, 1e300}));
  CHECK(is(sign(x), {0, 1, -1, missing, 1, 1, -1, 1}));
  CHECK(is(floor(x), {0, inf, -inf, missing, 0, 1, -3, 1e300}));
  CHECK(is(ceil(x), {0, inf, -inf, missing, 1, 2, -2, 1e300}));
  CHECK(is(round(x), {0, inf, -inf, missing, 0, 2, -2, 1e300}));  // to the even neighbour
  CHECK(is(trunc(x), {0, inf, -inf, missing, 0, 1, -2, 1e300}));
  CHECK(!std::signbit(sign(Variable<double>(-0.0)).item()));
}

TEST_CASE("derivatives at the edges") {
  const Variable<double> x = xt::xarray<double>{0, 2, -3, missing};
  CHECK(is(check::slope([](const auto& v) { return abs(v); }, x), {0, 1, -1, missing}));
  CHECK(is(check::slope([](const auto& v) { return floor(v); }, x), {0, 0, 0, 0}));
  // An infinite cotangent does not become NaN where the derivative is 0.
  CHECK(is(check::slope([](const auto& v) { return sqrt(abs(v)); }, Variable<double>(0.0)), 0));
  CHECK(
      grad(grad([](const Variable<double>& v) { return abs(v) * abs(v); }))(Variable<double>(-1.5)).item() ==
      2);
}

TEST_CASE("fmod") {
  check::function_of_two(
      "fmod", {"np.fmod", "torch.fmod", "jnp.fmod"}, [](const auto& a, const auto& b) { return fmod(a, b); },
      [](double a, double b) { return std::fmod(a, b); }, 0.7, 3);
  const Variable<double> a = xt::xarray<double>{5.5, -5.5, 1e300, 1, inf, 3, 0.3};
  const Variable<double> b = xt::xarray<double>{2, 2, 1.7, 0, 1, inf, 0.1};
  CHECK(is(fmod(a, b), {1.5, -1.5, std::fmod(1e300, 1.7), missing, missing, 3, std::fmod(0.3, 0.1)}, 0));
  const auto f = [](const auto& p, const auto& q) { return fmod(p, q); };
  CHECK(is(check::slope_of_two(f, a, b, 0), {1, 1, 1, 1, 1, 1, 1}));
  const Variable<double> by_b = check::slope_of_two(f, a, b, 1);
  CHECK(by_b.value()(0) == -2);
  CHECK(by_b.value()(1) == 2);
  CHECK(by_b.value()(5) == 0);
  CHECK(by_b.value()(6) == -2);  // 0.3 / 0.1 is 2.99... and rounds to 3
  CHECK(is(fmod(7, Variable<double>(4.0)), 3));
  CHECK(is(fmod(Variable<double>(7.0), 4), 3));
}

TEST_CASE("clip to numbers") {
  check::function(
      "clip", {"np.clip", "torch.clamp", "jnp.clip"}, [](const auto& x) { return clip(x, -0.5, 1); },
      [](double x) { return std::clamp(x, -0.5, 1.0); });
  const Variable<double> x = xt::xarray<double>{-1, -0.5, 0, 1, 2, inf, -inf, missing};
  const auto f = [](const auto& v) { return clip(v, -0.5, 1); };
  CHECK(is(f(x), {-0.5, -0.5, 0, 1, 1, 1, -0.5, missing}));
  CHECK(is(check::slope(f, x), {0, 1, 1, 1, 0, 0, 0, 1}));  // 1 at the bounds
  CHECK(is(clip(x, 2, 1), {1, 1, 1, 1, 1, 1, 1, missing}));
  CHECK(is(clip(x, 0, inf), {0, 0, 0, 1, 2, inf, 0, missing}));
  // The derivative of sqrt is infinite at the bound; where x is clipped, it does not become NaN.
  const auto rooted = [](const auto& v) { return sqrt(clip(v, 0, 4)); };
  CHECK(is(check::slope(rooted, xt::xarray<double>{-1, 1, 9}), {0, 0.5, 0}));
}

TEST_CASE("clip to arrays and Variables") {
  const check::Listed listed("clip", {"np.clip", "torch.clamp", "jnp.clip"});
  const xt::xarray<double> x{{-1, 0.2, 2}, {0.4, 3, -2}};
  const xt::xarray<double> low{-0.5, 0.5, 0};
  const Array<double> high = reshape(Variable<double>(xt::xarray<double>{1, 2}), {2, 1}).value();
  check::operation([](const auto& v, const auto& l, const auto& h) { return clip(v, l, h); },
                   xt::xarray<double>{{-0.5, 0.5, 1}, {0.4, 2, 0}}, x, low, high);
  check::operation([](const auto& v, const auto& l) { return clip(v, l, 1.5); },
                   xt::xarray<double>{{-0.5, 0.5, 1.5}, {0.4, 1.5, 0}}, x, low);
  CHECK(is(clip(Variable<double>(-1.0), Variable<double>(2.0), Variable<double>(1.0)), 1));
  CHECK(check::has(
      check::message<ShapeError>([&] { clip(Variable<double>(x), low, xt::xarray<double>{1, 2}); }),
      "do not broadcast"));
}

TEST_CASE("other namespaces open") {
  using namespace std;
  using namespace xt;
  xt::xarray<double> raw{1, 2};
  Variable<double> x = raw;
  const bool ours = VariableType<decltype(abs(x))> && VariableType<decltype(sign(x))> &&
                    VariableType<decltype(floor(x))> && VariableType<decltype(ceil(x))> &&
                    VariableType<decltype(round(x))> && VariableType<decltype(trunc(x))> &&
                    VariableType<decltype(fmod(x, raw))> && VariableType<decltype(fmod(2.0, x))> &&
                    VariableType<decltype(clip(x, 0, 1))> && VariableType<decltype(clip(raw, x, 1.0))>;
  CHECK(ours);
  const bool theirs = is_xexpression<decltype(abs(raw))>::value &&
                      is_xexpression<decltype(fmod(raw, 2.0))>::value &&
                      is_xexpression<decltype(clip(raw, 0.0, 1.0))>::value;
  CHECK(theirs);
}
