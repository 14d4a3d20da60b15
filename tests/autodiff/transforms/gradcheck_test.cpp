#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

using namespace xgrad;

namespace {

using V = const Variable<double>&;

Variable<double> draw(double low, double high, std::uint64_t seed = 1) {
  Generator generator(seed);
  return random_uniform<double>({6}, low, high, generator);
}

/// f with a custom pullback.
template <class F, class D>
auto with_pullback(F f, D pullback) {
  return [=](V x) {
    return operation("custom", f(x).value(), {x, [=](V g) { return Variable<double>(pullback(g, x)); }});
  };
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("correct gradients pass and are resolved at any scale") {
  for (const double scale : {1e-3, 1e-1, 1.0, 1e2, 1e3}) {
    CAPTURE(scale);
    const auto any = draw(-scale, scale);
    const auto positive = draw(0.05 * scale, scale, 2);
    const auto check = [](const GradCheck& result) {
      CHECK_MESSAGE(result.ok, result.message);
      CHECK_MESSAGE(result.non_smooth == 0, result.message);
      CHECK_MESSAGE(result.unresolved == 0, result.message);
    };
    check(gradcheck([](V x) { return sin(x) * x; }, any));
    check(gradcheck([](V x) { return square(x); }, any));
    check(gradcheck([scale](V x) { return exp(x / scale); }, any));
    check(gradcheck([](V x) { return log(x); }, positive));
    check(gradcheck([](V x) { return 1.0 / x; }, positive));
    check(gradcheck([](V x) { return sqrt(x) + 100.0; }, positive));
    check(gradgradcheck([](V x) { return log(x); }, positive));
    check(gradgradcheck([scale](V x) { return exp(x / scale) * x; }, any));
  }
}

TEST_CASE("a pullback that is wrong by a factor of 1 + 1e-4 is caught") {
  constexpr double wrong = 1 + 1e-4;
  for (const double scale : {1e-3, 1e-1, 1.0, 1e2, 1e3}) {
    CAPTURE(scale);
    const auto any = draw(-scale, scale);
    const auto positive = draw(0.05 * scale, scale, 2);
    const auto sine = with_pullback([](V x) { return sin(x); }, [=](V g, V x) { return g * cos(x) * wrong; });
    const auto squared =
        with_pullback([](V x) { return square(x); }, [=](V g, V x) { return g * x * (2 * wrong); });
    const auto logarithm = with_pullback([](V x) { return log(x); }, [=](V g, V x) { return g / x * wrong; });
    CHECK_FALSE(gradcheck(sine, any).ok);
    CHECK_FALSE(gradcheck(squared, any).ok);
    CHECK_FALSE(gradcheck(logarithm, positive).ok);
    CHECK_FALSE(gradcheck([&](V x) { return 1000.0 + squared(x); }, draw(-1, 1)).ok);
    // Every entry is wrong and reported.
    const GradCheck result = gradcheck(logarithm, positive);
    CHECK(result.wrong == 6);
    CHECK(result.entries == 6);
  }
}

TEST_CASE("a single wrong entry among many is caught") {
  const auto f = with_pullback([](V x) { return square(x); },
                               [](V g, V x) {
                                 Array<double> scale = full<double>({6}, 2);
                                 scale(4) *= 1 + 1e-4;
                                 return g * x * scale;
                               });
  const GradCheck result = gradcheck(f, draw(0.5, 1));
  CHECK(result.wrong == 1);
  CHECK(has(result.message, "input 0 [4]"));
}

TEST_CASE("the message lists both values of every entry, worst first") {
  const auto f = with_pullback([](V x) { return x * xt::xarray<double>{1, 2, 3}; },
                               [](V g, V) { return g * xt::xarray<double>{1.5, 2, 4}; });
  const GradCheck result = gradcheck([&](V x) { return sum(f(x)); }, xt::xarray<double>{1, 1, 1});
  CHECK_FALSE(result.ok);
  const auto& text = result.message;
  CHECK(has(text, "2 of 3 entries are wrong"));
  CHECK(has(text, "input 0 [0]: analytic 1.5, numerical 1, error 0.5 WRONG"));
  CHECK(has(text, "input 0 [2]: analytic 4, numerical 3, error 1 WRONG"));
  CHECK(has(text, "input 0 [1]: analytic 2, numerical 2"));
  CHECK(text.find("[0]") < text.find("[2]"));  // 50 % off before 33 %
  CHECK(text.find("[2]") < text.find("[1]"));
}

TEST_CASE("all inputs are checked") {
  const auto f = [](V a, V b) {
    return operation("f", a.value() * b.value(),
                     {{a, [b](V g) { return g * b; }}, {b, [b](V g) { return g * b; }}});
  };
  const GradCheck result = gradcheck(f, xt::xarray<double>{1, 2}, xt::xarray<double>{3, 4});
  CHECK(result.wrong == 2);
  CHECK(has(result.message, "input 1 [0]"));
}

TEST_CASE("kinks are reported as non-smooth, not as failures") {
  const auto result = gradcheck([](V x) { return relu(x); }, xt::xarray<double>{0, 1, -1, 1e-9});
  CHECK_MESSAGE(result.ok, result.message);
  CHECK(result.non_smooth == 2);
  // Close to a kink, but on one side of it.
  for (const double distance : {1e-2, 1e-3, 1e-4, 3e-5}) {
    const auto near = gradcheck([](V x) { return relu(x); }, xt::xarray<double>{distance, -distance});
    CHECK_MESSAGE(near.ok, near.message);
    CHECK_MESSAGE(near.non_smooth == 0, near.message);
  }
  const auto ties = gradcheck([](V x) { return max(x); }, xt::xarray<double>{2, 2, 1});
  CHECK(ties.ok);
  CHECK(ties.non_smooth == 2);
  const auto jump = gradgradcheck([](V x) { return relu(x); }, xt::xarray<double>{0, 1});
  CHECK_MESSAGE(jump.ok, jump.message);
}

TEST_CASE("a wrong pullback of a smooth function is not excused as non-smooth") {
  const auto f = with_pullback([](V x) { return square(x); }, [](V g, V x) { return g * x * 2.001; });
  const auto result = gradcheck(f, xt::xarray<double>{1e-9, 1e-6, 1e-3, 1, 30});
  CHECK(result.wrong == 5);
  CHECK(result.non_smooth == 0);
  const auto flat = with_pullback([](V x) { return square(x); }, [](V g, V) { return g * 0.01; });
  CHECK(gradcheck(flat, xt::xarray<double>{0}).wrong == 1);
}

TEST_CASE("a pullback of the wrong shape, or that is not deterministic") {
  const auto shape = with_pullback([](V x) { return x * 2; }, [](V g, V) { return sum(g) * 2; });
  CHECK(has(gradcheck(shape, draw(-1, 1)).message, "returned shape {}"));
  CHECK_FALSE(gradcheck(shape, draw(-1, 1)).ok);

  int calls = 0;
  const auto moody =
      with_pullback([](V x) { return x * 2; }, [&](V g, V) { return g * (2 + 1e-12 * calls++); });
  CHECK(has(gradcheck(moody, draw(-1, 1)).message, "not deterministic"));

  Generator own(1);
  const auto random = [&](V x) { return dropout(x, {}, own); };
  CHECK(has(gradcheck(random, draw(-1, 1)).message, "not deterministic"));
}

TEST_CASE("the default generator is reset before every evaluation, and at the end") {
  seed(5);
  const Generator before = default_generator();
  CHECK(gradcheck([](V x) { return dropout(x) * x; }, draw(-1, 1)).ok);
  CHECK(gradgradcheck([](V x) { return dropout(x) * x; }, draw(-1, 1)).ok);
  CHECK(default_generator() == before);
}

TEST_CASE("the option full_jacobian") {
  const auto swapped = with_pullback([](V x) { return x * xt::xarray<double>{1, 2}; },
                                     [](V g, V) { return g * xt::xarray<double>{1, 2.1}; });
  const GradCheck result = gradcheck({.full_jacobian = true}, swapped, xt::xarray<double>{1, 1});
  CHECK(result.entries == 4);
  CHECK(result.wrong == 1);
  CHECK(has(result.message, "input 0 [1], output [1]: analytic 2.1, numerical 2"));
  CHECK(gradcheck({.full_jacobian = true}, [](V x) { return softmax(x); }, draw(-1, 1)).ok);
}

TEST_CASE("a missing second derivative is caught") {
  const auto f = [](V x) {
    return operation("cube", x.value() * x.value() * x.value(), {x, [x](V g) {
                                                                   return g * (3.0 * x.value() * x.value());
                                                                 }});  // x.value(): not differentiable
  };
  CHECK(gradcheck(f, draw(0.5, 1)).ok);
  const GradCheck second = gradgradcheck(f, draw(0.5, 1));
  CHECK_FALSE(second.ok);
  CHECK(has(second.message, "gradgradcheck"));
}

TEST_CASE("a function that does not depend on an input, and a linear one") {
  CHECK(gradcheck([](V, V b) { return b * 2; }, draw(-1, 1), draw(-1, 1)).ok);
  CHECK(gradcheck([](V) { return Variable<double>(3.0); }, draw(-1, 1)).ok);
  CHECK(gradgradcheck([](V a, V b) { return a + b; }, draw(-1, 1), draw(-1, 1)).ok);
  CHECK(gradcheck([](V x) { return x; }, Variable<double>(Array<double>(Shape{0, 3}))).ok);
}

TEST_CASE("NaN and infinity fail the check, wherever they are") {
  const Variable<double> x = xt::xarray<double>{1, -1};
  const auto message = [](const GradCheck& result) {
    CHECK_FALSE(result.ok);
    return result.message;
  };
  CHECK(message(gradcheck([](V v) { return log(v); }, x)) ==
        "gradcheck: the function's value is nan at [1]; expected finite numbers");
  CHECK(message(gradgradcheck([](V v) { return log(v); }, x)).find("is nan") != std::string::npos);
  CHECK(message(gradcheck([](V v) { return sum(v) / 0.0; }, xt::xarray<double>{1, 2}))
            .find("value is inf at []") != std::string::npos);
  // The value is finite, but the derivative is not.
  CHECK(message(gradcheck([](V v) { return sqrt(v); }, xt::xarray<double>{1, 0})) ==
        "gradcheck: the gradient with respect to input 0 is inf at [1]; expected finite numbers");
  const auto wrong = [](V v) {
    return operation("wrong", xt::xarray<double>(v.value()), {v, [](V g) { return g * std::nan(""); }});
  };
  CHECK(message(gradcheck(wrong, x)).find("the gradient with respect to input 0 is nan at [0]") !=
        std::string::npos);
  CHECK(message(gradcheck({.full_jacobian = true}, wrong, x)).find("is nan") != std::string::npos);
  const auto second = [](V v) {
    return operation("second", xt::xarray<double>(v.value()), {v, [v](V g) { return g + 0.0 * log(v); }});
  };
  CHECK(gradcheck(second, xt::xarray<double>{1, 2}).ok);
  CHECK_FALSE(gradgradcheck(second, xt::xarray<double>{1, 0}).ok);
}
