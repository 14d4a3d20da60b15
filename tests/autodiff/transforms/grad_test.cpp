#include <autodiff/autodiff.hpp>

#include "../../support/check_operation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>
#include <tuple>
#include <vector>

using namespace xgrad;

namespace {

const std::vector<Shape> shapes{{}, {1}, {3}, {2, 3}, {0, 2}};

/// x e^x, entry by entry, and its derivative.
const auto curve = [](const auto& x) { return exp(x) * x; };
Array<double> slope_of_curve(const Array<double>& x) { return to_array<double>(xt::exp(x) * (x + 1)); }

}  // namespace

TEST_CASE("grad passes gradcheck") {
  const check::Listed listed("grad", {"", "torch.func.grad", "jax.grad"});
  const auto df = grad([](const auto& x) { return sum(curve(x)); });
  for (const Shape& shape : shapes) {
    const Array<double> x = check::draw(shape);
    check::operation(df, slope_of_curve(x), x);
  }
}

TEST_CASE("value_and_grad passes gradcheck") {
  const check::Listed listed("value_and_grad", {"", "torch.func.grad_and_value", "jax.value_and_grad"});
  const auto product = [](const auto& x) {
    const auto [value, slope] = value_and_grad([](const auto& v) { return sum(curve(v)); }, x);
    return value * slope;
  };
  for (const Shape& shape : shapes) {
    const Array<double> x = check::draw(shape);
    const double value = xt::sum(xt::exp(x) * x)();
    check::operation(product, to_array<double>(value * slope_of_curve(x)), x);
  }
}

TEST_CASE("vjp passes gradcheck") {
  const check::Listed listed("vjp", {"", "torch.func.vjp", "jax.vjp"});
  for (const Shape& shape : shapes) {
    const Array<double> x = check::draw(shape);
    const Array<double> u = check::draw(shape, -1, 1, 2);
    check::operation([](const auto& v, const auto& cotangent) { return vjp(curve, v).second(cotangent); },
                     to_array<double>(u * slope_of_curve(x)), x, u);
  }
}

TEST_CASE("jvp passes gradcheck") {
  const check::Listed listed("jvp", {"", "torch.func.jvp", "jax.jvp"});
  for (const Shape& shape : shapes) {
    const Array<double> x = check::draw(shape);
    const Array<double> v = check::draw(shape, -1, 1, 2);
    check::operation([](const auto& p, const auto& direction) { return jvp(curve, p, direction).second; },
                     to_array<double>(v * slope_of_curve(x)), x, v);
  }
}

TEST_CASE("grad returns the gradient as a function") {
  const auto f = [](const Variable<double>& v) { return sum(exp(v) * v); };
  const auto df = grad(f);
  const Variable<double> x = xt::xarray<double>{0, 1};
  CHECK(df(x).value()(0) == doctest::Approx(1));
  CHECK(df(x).value()(1) == doctest::Approx(2 * std::exp(1.0)));
  CHECK(df(xt::xarray<double>{0, 1}).value() == df(x).value());
}

TEST_CASE("value_and_grad returns both from one recording") {
  int calls = 0;
  const auto f = [&](const Variable<double>& v) { return ++calls, sum(v * v); };
  const auto [value, slope] = value_and_grad(f, Variable<double>(xt::xarray<double>{1, 2}));
  CHECK(calls == 1);
  CHECK(value.item() == 5);
  CHECK(slope.value() == xt::xarray<double>{2, 4});
}

TEST_CASE("grad nests: derivatives of sin to fifth order") {
  const auto d1 = grad([](const Variable<double>& v) { return sin(v); });
  const auto d2 = grad(d1);
  const auto d3 = grad(d2);
  const auto d4 = grad(d3);
  const auto d5 = grad(d4);
  const double x = 0.7;
  CHECK(d1(x).item() == doctest::Approx(std::cos(x)).epsilon(1e-12));
  CHECK(d2(x).item() == doctest::Approx(-std::sin(x)).epsilon(1e-12));
  CHECK(d3(x).item() == doctest::Approx(-std::cos(x)).epsilon(1e-12));
  CHECK(d4(x).item() == doctest::Approx(std::sin(x)).epsilon(1e-12));
  CHECK(d5(x).item() == doctest::Approx(std::cos(x)).epsilon(1e-12));
}

TEST_CASE("no perturbation confusion in nested derivatives") {
  // d/dx of x d/dy (x + y) at y = 1 is 1 (Siskind and Pearlmutter, 2005).
  const auto f = [](const Variable<double>& x) {
    return x * grad([&](const Variable<double>& y) { return x + y; })(Variable<double>(1.0));
  };
  CHECK(grad(f)(Variable<double>(1.0)).item() == 1);
}

TEST_CASE("other arguments are passed on") {
  const auto f = [](const Variable<double>& x, double scale, const Variable<double>& w) {
    return sum(x * w) * scale;
  };
  const Variable<double> x = xt::xarray<double>{1, 2};
  const Variable<double> w = xt::xarray<double>{3, 4};
  CHECK(grad(f)(x, 2.0, w).value() == xt::xarray<double>{6, 8});
}

TEST_CASE("the gradient of an unused argument is zero; constants can be differentiated with respect to") {
  const auto x = constant(xt::xarray<double>{1, 2});
  CHECK(grad([](const Variable<double>&) { return Variable<double>(1.0); })(x).value() ==
        xt::xarray<double>{0, 0});
  CHECK(grad([](const Variable<double>& v) { return sum(v * v); })(x).value() == xt::xarray<double>{2, 4});
}

TEST_CASE("a function whose result has more than one entry is an error") {
  const auto f = [](const Variable<double>& v) { return v * 2; };
  CHECK_THROWS_AS(grad(f)(Variable<double>(xt::xarray<double>{1, 2})), TapeError);
}

TEST_CASE("what f captures is held fixed, even if it is the input itself") {
  const Variable<double> x = xt::xarray<double>{1, 2};
  CHECK(grad([&](const Variable<double>& v) { return sum(v * x); })(x).value() == x.value());
  Parameter<double> w(Array<double>(xt::xarray<double>{1, 2}));
  CHECK(grad([&](const Variable<double>& v) { return sum(v * w); })(w).value() == w.value());
  // For an outer tape both contribute: d/dx of the above is 1 by hand.
  const auto outer = [](const Variable<double>& a) {
    return sum(grad([&](const Variable<double>& v) { return sum(v * a); })(a));
  };
  CHECK(grad(outer)(x).value() == xt::xarray<double>{1, 1});
}

TEST_CASE("functions that return their argument, or a value that an outer tape recorded") {
  const Variable<double> x = 3.0;
  const auto slope_of_itself = [](const Variable<double>& v) {
    return v * grad([](const Variable<double>& u) { return u; })(v * 2);
  };
  CHECK(grad(slope_of_itself)(x).item() == 1);
  const auto slope_of_other = [](const Variable<double>& v) {
    const auto computed = v * v;
    return v + grad([&](const Variable<double>&) { return computed; })(v);
  };
  CHECK(grad(slope_of_other)(x).item() == 1);
}

TEST_CASE("gradients with respect to several arguments") {
  const auto f = [](const Variable<double>& x, double scale, const Variable<double>& y) {
    return sum(x * x * y) * scale;
  };
  const Variable<double> x = xt::xarray<double>{1, 2};
  const Variable<double> y = xt::xarray<double>{3, 4};
  const auto [value, gradients] = value_and_grad<0, 2>(f, x, 2.0, y);
  CHECK(value.item() == 38);
  CHECK(std::get<0>(gradients).value() == xt::xarray<double>{12, 32});
  CHECK(std::get<1>(gradients).value() == xt::xarray<double>{2, 8});
  const auto [by_y, by_x] = grad<2, 0>(f)(x, 2.0, y);
  CHECK(by_x.value() == xt::xarray<double>{12, 32});
  CHECK(by_y.value() == xt::xarray<double>{2, 8});
  CHECK(grad<2>(f)(x, 2.0, y).value() == xt::xarray<double>{2, 8});
  CHECK(value_and_grad<2>(f, x, 2.0, y).second.value() == xt::xarray<double>{2, 8});
  // The mixed derivative d/dy sum(df/dx) = 2 scale x.
  const auto mixed = grad<2>([&](const auto&... all) { return sum(grad<0>(f)(all...)); });
  CHECK(mixed(x, 2.0, y).value() == xt::xarray<double>{4, 8});
  // The same Variable passed twice is two arguments.
  const auto [first, second] = grad<0, 1>([](const auto& a, const auto& b) { return sum(a * a * b); })(x, x);
  CHECK(first.value() == xt::xarray<double>{2, 8});
  CHECK(second.value() == xt::xarray<double>{1, 4});
}

TEST_CASE("gradients with respect to arguments of two precisions, in one backward pass") {
  const auto f = [](const Variable<float>& x, const Variable<double>& y) { return sum(cast<double>(x) * y); };
  const Variable<float> x = xt::xarray<float>{1, 2};
  const Variable<double> y = xt::xarray<double>{3, 4};
  const auto [by_x, by_y] = grad<0, 1>(f)(x, y);
  CHECK(by_x.value() == xt::xarray<float>{3, 4});
  CHECK(by_y.value() == xt::xarray<double>{1, 2});
}

namespace {

/// An entry of a parameter list, as in nn::parameters.
struct Named {
  std::string name;
  ParameterHandle<double> parameter;
};

}  // namespace

TEST_CASE("gradients with respect to a list of parameters") {
  Parameter<double> w(Array<double>(xt::xarray<double>{1, 2}));
  Parameter<double> b(Array<double>(xt::xarray<double>{3, 4}));
  Parameter<double> unused(Array<double>(xt::xarray<double>{5}));
  const Variable<double> x = xt::xarray<double>{2, 3};
  const auto loss = [&](const Variable<double>& input) { return sum(square(w * input + b)); };

  const std::vector<Named> named{{"b", b.handle()}, {"unused", unused.handle()}, {"w", w.handle()}};
  const auto [value, gradients] = value_and_grad(loss, named, x);
  CHECK(value.item() == 125);
  REQUIRE(gradients.size() == 3);
  CHECK(gradients[0].value() == xt::xarray<double>{10, 20});
  CHECK(gradients[1].value() == xt::xarray<double>{0});
  CHECK(gradients[2].value() == xt::xarray<double>{20, 60});
  CHECK_FALSE(w.handle().has_grad());

  const std::vector<ParameterHandle<double>> handles{w.handle()};
  CHECK(value_and_grad([&] { return loss(x); }, handles).second[0].value() == xt::xarray<double>{20, 60});
  CHECK(grad(loss)(handles, x)[0].value() == xt::xarray<double>{20, 60});
  CHECK(value_and_grad([&] { return loss(x); }, std::vector<Named>()).second.empty());

  // Through an outer tape: the gradient of |dloss/dw|^2 = sum (2 x (w x + b))^2.
  Tape tape;
  const auto slope = grad(loss)(handles, x)[0];
  const auto norm = sum(square(slope));
  CHECK(tape.gradient(norm, Variable<double>(w)).value() == xt::xarray<double>{2 * 20 * 8, 2 * 60 * 18});
  tape.backward(norm);
  CHECK(b.grad() == xt::xarray<double>{2 * 20 * 4, 2 * 60 * 6});
}

TEST_CASE("vjp: the pullback can be called several times, after all tapes have closed") {
  const Variable<double> w = xt::xarray<double>{{1, 2}, {3, 4}, {5, 6}};
  const auto result = [&] {
    Tape tape;
    return vjp([&w](const Variable<double>& x) { return matmul(w, x * x); }, xt::xarray<double>{1, 2});
  }();
  const auto& pullback = result.second;
  CHECK(result.first.value() == xt::xarray<double>{9, 19, 29});
  CHECK(pullback(xt::xarray<double>{1, 0, 0}).value() == xt::xarray<double>{2, 8});
  CHECK(pullback(xt::xarray<double>{0, 0, 1}).value() == xt::xarray<double>{10, 24});
  // It is linear in its cotangent, and differentiable.
  const auto weighted = [&](const Variable<double>& u) { return sum(pullback(u)); };
  CHECK(grad(weighted)(xt::xarray<double>{0, 0, 0}).value() == xt::xarray<double>{10, 22, 34});
  CHECK_THROWS_AS(pullback(xt::xarray<double>{1, 2}), ShapeError);
}

TEST_CASE("vjp: several inputs, of two precisions, and numbers") {
  const auto f = [](const Variable<float>& x, const Variable<double>& y, const Variable<double>& z) {
    return cast<double>(x) * y * z;
  };
  const auto [value, pullback] = vjp(f, xt::xarray<float>{1, 2}, xt::xarray<double>{3, 4}, 2);
  CHECK(value.value() == xt::xarray<double>{6, 16});
  const auto [by_x, by_y, by_z] = pullback(xt::xarray<double>{1, 10});
  CHECK(by_x.value() == xt::xarray<float>{6, 80});
  CHECK(by_y.value() == xt::xarray<double>{2, 40});
  CHECK(by_z.item() == 83);
}

TEST_CASE("vjp: derivatives with respect to x and what f captures") {
  const Variable<double> x = xt::xarray<double>{1, 2};
  const Variable<double> w = xt::xarray<double>{3, 4};
  Tape tape;
  const auto [value, pullback] = vjp([w](const Variable<double>& v) { return v * v * w; }, x);
  const auto product = sum(pullback(xt::xarray<double>{1, 1}));  // sum 2 x w
  CHECK(tape.gradient(product, x).value() == xt::xarray<double>{6, 8});
  CHECK(tape.gradient(product, w).value() == xt::xarray<double>{2, 4});
  CHECK(tape.gradient(sum(value), x).value() == xt::xarray<double>{6, 16});
}

TEST_CASE("vjp: the pullback draws the same random numbers as the value") {
  seed(3);
  const auto noisy = [](const Variable<double>& x) { return x * random_uniform<double>({4}); };
  const auto [value, pullback] = vjp(noisy, full<double>({4}, 1.0));
  const Generator before = default_generator();
  CHECK(pullback(full<double>({4}, 1.0)).value() == value.value());
  CHECK(default_generator() == before);
}

TEST_CASE("vjp of a model by reference") {
  struct Model {
    Parameter<double> w{Array<double>(xt::xarray<double>{1, 2})};
    Variable<double> operator()(const Variable<double>& x) const { return w * x * x; }
  };
  Model model;
  Tape tape;
  const auto pullback = vjp(std::ref(model), xt::xarray<double>{3, 4}).second;
  tape.backward(sum(pullback(xt::xarray<double>{1, 1})));
  CHECK(model.w.grad() == xt::xarray<double>{6, 8});
}

TEST_CASE("jvp: the value and the directional derivative") {
  int calls = 0;
  const auto f = [&](const Variable<double>& x) { return ++calls, concatenate({sin(x), x * x}); };
  const auto [value, tangent] = jvp(f, xt::xarray<double>{1, 2}, xt::xarray<double>{3, 4});
  CHECK(calls == 1);
  CHECK(value.value()(3) == 4);
  CHECK(tangent.value()(0) == doctest::Approx(3 * std::cos(1)));
  CHECK(tangent.value()(1) == doctest::Approx(4 * std::cos(2)));
  CHECK(tangent.value()(2) == 6);
  CHECK(tangent.value()(3) == 16);
  CHECK(jvp([](const Variable<double>& x) { return x * x; }, 3, 2).second.item() == 12);
  CHECK(jvp([](const Variable<double>&) { return Variable<double>(1.0); }, 3, 2).second.item() == 0);
  CHECK(jvp([](const Variable<double>& x) { return x; }, 3, 2).second.item() == 2);
  const auto empty_result =
      jvp([](const Variable<double>& x) { return x * 2; }, empty<double>({0, 2}), empty<double>({0, 2}));
  CHECK(empty_result.second.shape() == Shape{0, 2});
}

TEST_CASE("jvp: several inputs, derivatives, and nesting") {
  const auto f = [](const Variable<double>& x, const Variable<double>& y) { return x * x * y; };
  const auto [value, tangent] = jvp(f, std::pair(3.0, 2.0), std::tuple(1, 10));
  CHECK(value.item() == 18);
  CHECK(tangent.item() == 12 + 90);
  // With respect to x and v: d/dx (2 x v) = 2 v, d/dv = 2 x.
  const auto along = [](const Variable<double>& x, const Variable<double>& v) {
    return jvp([](const Variable<double>& p) { return p * p; }, x, v).second;
  };
  const auto [by_x, by_v] = grad<0, 1>(along)(3.0, 5.0);
  CHECK(by_x.item() == 10);
  CHECK(by_v.item() == 6);
  // Forward over forward over forward: the third derivative of x^4.
  const auto step = [](const auto& g) {
    return [g](const Variable<double>& x) { return jvp(g, x, 1.0).second; };
  };
  const auto third = step(step(step([](const Variable<double>& x) { return square(square(x)); })));
  CHECK(third(Variable<double>(2.0)).item() == 48);
}

TEST_CASE("jvp and vjp are transposes of each other, and pass gradcheck") {
  const auto f = [](const auto& x) { return exp(sum(x * x, 0)) * x; };
  const xt::xarray<double> x = {{0.1, -0.4}, {0.7, 0.2}};
  const xt::xarray<double> v = {{1, 2}, {3, 4}};
  const xt::xarray<double> u = {{-1, 3}, {0.5, 2}};
  const double forward = xt::sum(jvp(f, x, v).second.value() * u)();
  const double backward = xt::sum(vjp(f, x).second(u).value() * v)();
  CHECK(forward == doctest::Approx(backward).epsilon(1e-14));
  const GradCheck check =
      gradgradcheck([&](const auto& p, const auto& d) { return jvp(f, p, d).second; }, x, v);
  CHECK_MESSAGE(check.ok, check.message);
}

TEST_CASE("jvp in float: a number as direction has the precision of its input") {
  const Variable<float> x = 3.F;
  const auto f = [](const auto& v) { return v * v; };
  CHECK(jvp(f, x, 1.0).second.item() == 6.F);
  CHECK(hvp(f, x, 1).item() == 2.F);
}

TEST_CASE("directions of the wrong shape") {
  const auto f = [](const Variable<double>& x) { return x * x; };
  CHECK_THROWS_WITH_AS(jvp(f, xt::xarray<double>{1, 2}, 1.0),
                       "jvp: the direction has shape {}, expected its input's shape {2}", ShapeError);
}

TEST_CASE("transforms with other namespaces open") {
  using namespace xt;
  using namespace std;
  Variable<double> x = xt::xarray<double>{1, 2};
  const auto f = [](const Variable<double>& v) { return v * v; };
  CHECK(vjp(f, x).second(x).value() == xt::xarray<double>{2, 8});
  CHECK(jvp(f, as_const(x), x * 1).second.value() == xt::xarray<double>{2, 8});
  CHECK(grad<0>([](const Variable<double>& v) { return sum(v * v); })(x).value() == xt::xarray<double>{2, 4});
}
