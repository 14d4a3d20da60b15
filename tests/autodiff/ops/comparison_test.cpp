#include "../../support/check_function.hpp"

using namespace xgrad;
using check::inf;
using check::missing;

namespace {

using Booleans = xt::xarray<bool>;

/// Checks a comparison of Variables, arrays and numbers, with broadcasting, in both precisions, against that
/// of numbers.
template <class F>
void compare(const std::string& name, const std::string& function, const F& f) {
  const check::Listed listed("a " + name + " b", {"np." + function, "torch." + function, "jnp." + function});
  CAPTURE(name);
  bool all = true;
  const auto expect = [&](bool right) {
    CHECK(right);
    all = all && right;
  };
  const std::vector<std::pair<Shape, Shape>> shapes{{{}, {}},         {{3}, {3}},
                                                    {{2, 3}, {3}},    {{2, 3}, {2, 1}},
                                                    {{}, {2, 3}},     {{2, 1, 3}, {4, 1}},
                                                    {{0, 3}, {1, 3}}, {{70'001}, {1}},
                                                    {{1}, {70'001}},  {{300, 200}, {300, 200}}};
  for (const auto& pair : shapes) {
    const Array<double> a = xt::round(check::draw(pair.first, -2, 2, 1));  // with ties
    const Array<double> b = xt::round(check::draw(pair.second, -2, 2, 2));
    const Shape shape = broadcast_shape("test", pair.first, pair.second);
    const xt::xarray<double> wide_a = xt::broadcast(a, shape);
    const xt::xarray<double> wide_b = xt::broadcast(b, shape);
    Booleans expected = xt::zeros<bool>(shape);
    std::transform(wide_a.begin(), wide_a.end(), wide_b.begin(), expected.begin(), f);
    const Variable<double> va = a, vb = b;
    expect(f(va, vb) == expected);
    expect(f(a, vb) == expected);
    expect(f(va, b) == expected);
    expect(f(cast<float>(va), cast<float>(vb)) == expected);
  }
  const xt::xarray<double> x{-1, 0, 1, missing, inf};
  const Variable<double> v = x;
  Booleans left = xt::zeros<bool>({5}), right = left;
  std::transform(x.begin(), x.end(), left.begin(), [&](double p) { return f(p, 0.0); });
  std::transform(x.begin(), x.end(), right.begin(), [&](double p) { return f(0.0, p); });
  expect(f(v, 0) == left);
  expect(f(0, v) == right);
  check::Listed::note(check::Listed::value, all);
  check::Listed::note(check::Listed::in_float, all);
}

}  // namespace

TEST_CASE("comparisons of Variables, arrays and numbers") {
  compare("==", "equal", [](const auto& a, const auto& b) { return a == b; });
  compare("!=", "not_equal", [](const auto& a, const auto& b) { return a != b; });
  compare("<", "less", [](const auto& a, const auto& b) { return a < b; });
  compare("<=", "less_equal", [](const auto& a, const auto& b) { return a <= b; });
  compare(">", "greater", [](const auto& a, const auto& b) { return a > b; });
  compare(">=", "greater_equal", [](const auto& a, const auto& b) { return a >= b; });
}

TEST_CASE("NaN, infinity and finite numbers") {
  const auto test = [](const std::string& name, const auto& f, const Booleans& expected) {
    const check::Listed listed(name, {"np." + name, "torch." + name, "jnp." + name});
    const Variable<double> x = xt::xarray<double>{0, inf, -inf, missing, 1e300};
    const bool right = f(x) == expected && f(cast<float>(minimum(x, 1))).shape() == x.shape();
    CHECK(right);
    check::Listed::note(check::Listed::value, right);
    const Variable<float> single = xt::xarray<float>{0, INFINITY, -INFINITY, NAN, 1e30F};
    const bool right_in_float = f(single) == expected;
    CHECK(right_in_float);
    check::Listed::note(check::Listed::in_float, right_in_float);
  };
  test("isnan", [](const auto& x) { return isnan(x); }, {false, false, false, true, false});
  test("isinf", [](const auto& x) { return isinf(x); }, {false, true, true, false, false});
  test("isfinite", [](const auto& x) { return isfinite(x); }, {true, false, false, false, true});
}

TEST_CASE("conditions for where, combined with xtensor's logical operators") {
  const Variable<double> x = xt::xarray<double>{-2, -1, 0, 1, 2, missing};
  const Variable<double> y = xt::xarray<double>{0, 0, 0, 3, 0, 0};
  CHECK(where(x > -2 && x < 2, x, 9).value() == xt::xarray<double>{9, -1, 0, 1, 9, 9});
  CHECK(where(!(x >= 0) || y == 3, 1, y).value() == xt::xarray<double>{1, 1, 0, 1, 0, 1});
  const Array<bool> joined = isnan(x) || x == y;
  CHECK(joined == Booleans{false, false, true, false, false, true});
  CHECK(xt::any(x == 2));
  CHECK_FALSE(xt::all(x != 2));
  // The pattern that keeps NaN of log outside its domain out of the value and the gradient.
  const auto f = [](const Variable<double>& v) { return sum(where(v > 0, log(where(v > 0, v, 1)), 0)); };
  CHECK(f(x).item() == doctest::Approx(std::log(2)));
  CHECK(grad(f)(x).value() == xt::xarray<double>{0, 0, 0, 1, 0.5, 0});
}

TEST_CASE("a Parameter is an operand, also a temporary one") {
  Parameter<double> w(xt::xarray<double>{1, 2});
  CHECK((w == 2) == Booleans{false, true});
  CHECK((w * 2 > w + 1.5) == Booleans{false, true});
}

TEST_CASE("comparisons have no gradient") {
  const Variable<double> x = xt::xarray<double>{-1, 3};
  Tape tape;
  const auto y = sum(where(x > 0, 2 * x, x));
  CHECK(tape.gradient(y, x).value() == xt::xarray<double>{1, 2});
}

TEST_CASE("shapes that do not broadcast") {
  const Variable<double> a = check::draw({2, 3});
  const Variable<double> b = check::draw({2});
  CHECK(check::message<ShapeError>([&] { (void)(a == b); }) ==
        "equal: shapes {2, 3} and {2} do not broadcast: extents 3 and 2");
  CHECK(check::has(check::message<ShapeError>([&] { (void)(a > b); }), "less"));
}

TEST_CASE("other namespaces open: Variables are ours, arrays xtensor's") {
  using namespace std;
  using namespace xt;
  const xarray<double> raw{1, 2};
  const Variable<double> x = raw;
  const bool ours =
      is_same_v<decltype(x == raw), Array<bool>> && is_same_v<decltype(raw == x), Array<bool>> &&
      is_same_v<decltype(x != 1), Array<bool>> && is_same_v<decltype(raw < x), Array<bool>> &&
      is_same_v<decltype(x <= x), Array<bool>> && is_same_v<decltype(2.0 > x), Array<bool>> &&
      is_same_v<decltype(x >= raw), Array<bool>> && is_same_v<decltype(isnan(x)), Array<bool>> &&
      is_same_v<decltype(isinf(x)), Array<bool>> && is_same_v<decltype(isfinite(x)), Array<bool>>;
  CHECK(ours);
  const bool theirs = is_same_v<decltype(raw == raw), bool> && is_xexpression<decltype(raw < raw)>::value;
  CHECK(theirs);
}
