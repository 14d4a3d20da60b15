#include "../../support/check_function.hpp"

using namespace xgrad;
using check::inf;
using check::missing;

TEST_CASE("+ - * / with broadcasting") {
  check::function_of_two(
      "a + b", {"np.add", "torch.add", "jnp.add"}, [](const auto& a, const auto& b) { return a + b; },
      [](double a, double b) { return a + b; });
  check::function_of_two(
      "a - b", {"np.subtract", "torch.sub", "jnp.subtract"},
      [](const auto& a, const auto& b) { return a - b; }, [](double a, double b) { return a - b; });
  check::function_of_two(
      "a * b", {"np.multiply", "torch.mul", "jnp.multiply"},
      [](const auto& a, const auto& b) { return a * b; }, [](double a, double b) { return a * b; });
  check::function_of_two(
      "a / b", {"np.divide", "torch.div", "jnp.divide"}, [](const auto& a, const auto& b) { return a / b; },
      [](double a, double b) { return a / b; }, 0.5, 2);
}

TEST_CASE("numbers on either side are converted to the Variable's precision") {
  check::unary([](const auto& x) { return x + 2; }, [](double x) { return x + 2; });
  check::unary([](const auto& x) { return 2 + x; }, [](double x) { return 2 + x; });
  check::unary([](const auto& x) { return x - 2; }, [](double x) { return x - 2; });
  check::unary([](const auto& x) { return 2 - x; }, [](double x) { return 2 - x; });
  check::unary([](const auto& x) { return x * 3; }, [](double x) { return x * 3; });
  check::unary([](const auto& x) { return 3.0 * x; }, [](double x) { return 3 * x; });
  check::unary([](const auto& x) { return x / 3; }, [](double x) { return x / 3; });
  check::unary([](const auto& x) { return 3 / x; }, [](double x) { return 3 / x; }, 0.5, 2);
  check::function(
      "-x", {"np.negative", "torch.neg", "jnp.negative"}, [](const auto& x) { return -x; },
      [](double x) { return -x; });
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

TEST_CASE("maximum and minimum: ties share the gradient, NaN propagates") {
  const auto larger = [](const auto& a, const auto& b) { return maximum(a, b); };
  const auto smaller = [](const auto& a, const auto& b) { return minimum(a, b); };
  check::function_of_two("maximum", {"np.maximum", "torch.maximum", "jnp.maximum"}, larger,
                         [](double a, double b) { return std::max(a, b); });
  check::function_of_two("minimum", {"np.minimum", "torch.minimum", "jnp.minimum"}, smaller,
                         [](double a, double b) { return std::min(a, b); });
  const Variable<double> a = xt::xarray<double>{1, 2, 3};
  const Variable<double> b = xt::xarray<double>{1, 3, 2};
  CHECK(check::slope_of_two(larger, a, b, 0).value() == xt::xarray<double>{0.5, 0, 1});
  CHECK(check::slope_of_two(larger, a, b, 1).value() == xt::xarray<double>{0.5, 1, 0});
  CHECK(check::slope_of_two(smaller, a, b, 0).value() == xt::xarray<double>{0.5, 1, 0});
  CHECK(check::slope_of_two(smaller, a, b, 1).value() == xt::xarray<double>{0.5, 0, 1});
  const Variable<double> odd = xt::xarray<double>{missing, 1, -inf};
  const Variable<double> other = xt::xarray<double>{1, missing, inf};
  CHECK(check::close<double>(maximum(odd, other).value(), xt::xarray<double>{missing, missing, inf}, 0));
  CHECK(check::close<double>(minimum(odd, other).value(), xt::xarray<double>{missing, missing, -inf}, 0));
  // An infinite cotangent does not become NaN in the operand that is not selected.
  const auto rooted = [](const auto& x) { return sqrt(maximum(x, 0)); };
  CHECK(check::slope(rooted, xt::xarray<double>{-1, 4}).value() == xt::xarray<double>{0, 0.25});
}

TEST_CASE("infinities and NaN follow IEEE 754") {
  const Variable<double> x = xt::xarray<double>{inf, -inf, missing, 0};
  CHECK(check::close<double>((x + x).value(), xt::xarray<double>{inf, -inf, missing, 0}, 0));
  CHECK(check::close<double>((x - x).value(), xt::xarray<double>{missing, missing, missing, 0}, 0));
  CHECK(check::close<double>((1 / x).value(), xt::xarray<double>{0, 0, missing, inf}, 0));
}

TEST_CASE("cast") {
  const check::Listed listed("cast<T>", {"np.astype", "torch.Tensor.to", "jnp.astype"});
  check::operation([]<class T>(const Variable<T>& v) { return cast<T>(cast<double>(v)); },
                   xt::xarray<double>{0.5, 2}, xt::xarray<double>{0.5, 2});
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
                    VariableType<decltype(minimum(x, 1))> && VariableType<decltype(max(x, {0}, keep_dims))>;
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
