#include "../../support/check_operation.hpp"

#include <limits>

using namespace xgrad;

namespace {
const double inf = std::numeric_limits<double>::infinity();
const double missing = std::numeric_limits<double>::quiet_NaN();
}  // namespace

TEST_CASE("+ - * / with broadcasting") {
  check::binary([](const auto& a, const auto& b) { return a + b; }, [](double a, double b) { return a + b; });
  check::binary([](const auto& a, const auto& b) { return a - b; }, [](double a, double b) { return a - b; });
  check::binary([](const auto& a, const auto& b) { return a * b; }, [](double a, double b) { return a * b; });
  check::binary([](const auto& a, const auto& b) { return a / b; }, [](double a, double b) { return a / b; },
                0.5, 2);
}

TEST_CASE("numbers on either side, which take the Variable's precision") {
  check::unary([](const auto& x) { return x + 2; }, [](double x) { return x + 2; });
  check::unary([](const auto& x) { return 2 + x; }, [](double x) { return 2 + x; });
  check::unary([](const auto& x) { return x - 2; }, [](double x) { return x - 2; });
  check::unary([](const auto& x) { return 2 - x; }, [](double x) { return 2 - x; });
  check::unary([](const auto& x) { return x * 3; }, [](double x) { return x * 3; });
  check::unary([](const auto& x) { return 3.0 * x; }, [](double x) { return 3 * x; });
  check::unary([](const auto& x) { return x / 3; }, [](double x) { return x / 3; });
  check::unary([](const auto& x) { return 3 / x; }, [](double x) { return 3 / x; }, 0.5, 2);
  check::unary([](const auto& x) { return -x; }, [](double x) { return -x; });
  check::unary([](const auto& x) { return +x; }, [](double x) { return x; });
  const Variable<float> x = 1.5F;
  CHECK(std::is_same_v<decltype(2.0 * x), Variable<float>>);
  CHECK(std::is_same_v<decltype(x - 1L), Variable<float>>);
}

TEST_CASE("arrays on either side are constants") {
  const xt::xarray<double> raw{3, 4};
  const Variable<double> x = xt::xarray<double>{1, 2};
  Tape tape;
  CHECK((raw * x).value() == xt::xarray<double>{3, 8});
  CHECK((x * raw).value() == xt::xarray<double>{3, 8});
  CHECK((raw - x).value() == xt::xarray<double>{2, 2});
  CHECK((x / (raw + 1.0)).value() == xt::xarray<double>{0.25, 0.4});
  CHECK(tape.gradient(sum(raw * x), x).value() == raw);
}

TEST_CASE("a Parameter is an operand") {
  Parameter<double> w(xt::xarray<double>{1, 2});
  CHECK((w * 2 + w).value() == xt::xarray<double>{3, 6});
  CHECK(maximum(w, 1.5).value() == xt::xarray<double>{1.5, 2});
}

TEST_CASE("compound assignment rebinds one handle") {
  Variable<double> x = xt::xarray<double>{1, 2};
  const Variable<double> old = x;
  x += 1;
  x *= old;
  x -= xt::xarray<double>{1, 1};
  x /= 2;
  CHECK(x.value() == xt::xarray<double>{0.5, 2.5});
  CHECK(old.value() == xt::xarray<double>{1, 2});
}

TEST_CASE("maximum: ties share, NaN wins") {
  check::binary([](const auto& a, const auto& b) { return maximum(a, b); },
                [](double a, double b) { return std::max(a, b); });
  const Variable<double> a = xt::xarray<double>{1, 2, 3};
  const Variable<double> b = xt::xarray<double>{1, 3, 2};
  Tape tape;
  const auto y = sum(maximum(a, b));
  CHECK(tape.gradient(y, a).value() == xt::xarray<double>{0.5, 0, 1});
  CHECK(tape.gradient(y, b).value() == xt::xarray<double>{0.5, 1, 0});
  const Variable<double> odd = xt::xarray<double>{missing, 1, -inf};
  const Variable<double> other = xt::xarray<double>{1, missing, inf};
  CHECK(check::close<double>(maximum(odd, other).value(), xt::xarray<double>{missing, missing, inf}, 0));
}

TEST_CASE("infinities and NaN go by IEEE's rules") {
  const Variable<double> x = xt::xarray<double>{inf, -inf, missing, 0};
  CHECK(check::close<double>((x + x).value(), xt::xarray<double>{inf, -inf, missing, 0}, 0));
  CHECK(check::close<double>((x - x).value(), xt::xarray<double>{missing, missing, missing, 0}, 0));
  CHECK(check::close<double>((1 / x).value(), xt::xarray<double>{0, 0, missing, inf}, 0));
}

TEST_CASE("cast") {
  const Variable<float> x = xt::xarray<float>{0.1F, 2};
  CHECK(cast<double>(x).value()(0) == static_cast<double>(0.1F));
  Tape tape;
  CHECK(tape.gradient(sum(square(cast<double>(x))), x).value() == xt::xarray<float>{0.2F, 4});
}

TEST_CASE("both namespaces open: Variables are ours, arrays xtensor's") {
  using namespace xt;
  const xarray<double> raw{1, 2};
  Variable<double> x = raw;
  const bool ours = VariableType<decltype(raw * x)> && VariableType<decltype(x + 1)> &&
                    VariableType<decltype(sum(x))> && VariableType<decltype(sum(x, 0))> &&
                    VariableType<decltype(sum(x, {0}, keep_dims))> && VariableType<decltype(mean(x))> &&
                    VariableType<decltype(exp(x))> && VariableType<decltype(transpose(x))> &&
                    VariableType<decltype(flatten(x, 0))> && VariableType<decltype(view(x, range(0, 1)))> &&
                    VariableType<decltype(where(raw > 1.0, x, 0.0))> &&
                    VariableType<decltype(maximum(raw, x))> && VariableType<decltype(-x)> &&
                    VariableType<decltype(max(x, {0}, keep_dims))>;
  CHECK(ours);
  const bool theirs =
      is_xexpression<decltype(raw * raw)>::value && is_xexpression<decltype(exp(raw))>::value &&
      is_xexpression<decltype(maximum(raw, raw))>::value && is_xexpression<decltype(-raw)>::value &&
      is_xexpression<decltype(sum(raw))>::value && is_xexpression<decltype(transpose(raw))>::value;
  CHECK(theirs);
}

TEST_CASE("shapes that do not broadcast") {
  const Variable<double> a = check::draw({2, 3});
  const Variable<double> b = check::draw({2});
  CHECK(check::message<ShapeError>([&] { a* b; }) ==
        "multiply: shapes {2, 3} and {2} do not broadcast: extents 3 and 2");
  CHECK(check::has(check::message<ShapeError>([&] { a + b; }), "add"));
  CHECK(check::has(check::message<ShapeError>([&] { maximum(a, b); }), "maximum"));
}
