#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace xgrad;

namespace {

template <class T>
Variable<T> cube(const Variable<T>& x) {
  return operation("cube", xt::xarray<T>(x.value() * x.value() * x.value()),
                   {x, [x](const Variable<T>& g) { return T(3) * x * x * g; }});
}

template <class T>
Variable<T> product(const Variable<T>& a, const Variable<T>& b) {
  return operation(
      "product", a.value() * b.value(),
      {{a, [b](const Variable<T>& g) { return g * b; }}, {b, [a](const Variable<T>& g) { return g * a; }}});
}

/// The same with one joint pullback.
template <class T>
Variable<T> joint_product(const Variable<T>& a, const Variable<T>& b) {
  return operation("joint_product", a.value() * b.value(), {a, b},
                   [a, b](const Variable<T>& g) { return std::array{g * b, g * a}; });
}

}  // namespace

TEST_CASE("a custom operation has derivatives of every order") {
  const Variable<double> x = xt::xarray<double>{1, 2, 3};
  CHECK(gradcheck([](const auto& v) { return cube(v); }, x).ok);
  CHECK(gradgradcheck([](const auto& v) { return cube(v); }, x).ok);
  const auto total = [](auto f) { return [f](const Variable<double>& v) { return sum(f(v)); }; };
  const auto second = grad(total(grad(total(cube<double>))));
  CHECK(second(x).value() == xt::xarray<double>{6, 12, 18});
  CHECK(grad(total(second))(x).value() == xt::xarray<double>{6, 6, 6});
  CHECK(cube(Variable<float>(2.0F)).item() == 8);
}

TEST_CASE("several inputs, with one pullback each or a joint pullback") {
  const Variable<double> a = xt::xarray<double>{1, 2, 3};
  const Variable<double> b = xt::xarray<double>{4, 5, 6};
  for (const auto& f : {product<double>, joint_product<double>}) {
    CHECK(gradcheck(f, a, b).ok);
    CHECK(gradgradcheck(f, a, b).ok);
    Tape tape;
    const auto y = f(a, constant(b.value()));
    CHECK(tape.gradient(sum(y), a).value() == b.value());
  }
}

TEST_CASE("a pullback may take the result") {
  const auto my_exp = [](const Variable<double>& x) {
    return operation("my_exp", xt::exp(x.value()),
                     {x, [](const Variable<double>& g, const Variable<double>& y) { return g * y; }});
  };
  const Variable<double> x = xt::xarray<double>{-1, 0, 1};
  CHECK(gradcheck(my_exp, x).ok);
  CHECK(gradgradcheck(my_exp, x).ok);
}

TEST_CASE("inputs may have another precision than the result") {
  const Variable<float> x = xt::xarray<float>{1, 2};
  Tape tape;
  const auto y = sum(cast<double>(x) * 2.0);
  CHECK(tape.gradient(y, x).value() == xt::xarray<float>{2, 2});
}

TEST_CASE("the pullback for a constant, or without a tape, is not stored") {
  struct Counted {
    std::shared_ptr<int> kept;
    Variable<double> operator()(const Variable<double>& g) const { return g; }
  };
  const auto count = std::make_shared<int>(0);
  const Variable<double> x = 1.0;
  const auto y = operation("identity", full<double>({}, 1), {x, Counted{count}});
  CHECK(count.use_count() == 1);
  {
    Tape tape;
    const auto c =
        operation("identity", full<double>({}, 1), {constant(xt::xarray<double>{1}), Counted{count}});
    CHECK(count.use_count() == 1);
    const auto z = operation("identity", full<double>({}, 1), {x, Counted{count}});
    CHECK(count.use_count() == 2);
  }
  CHECK(count.use_count() == 1);
}

TEST_CASE("the error for a pullback of the wrong shape names the operation") {
  const Variable<double> x = xt::xarray<double>{1, 2, 3};
  Tape tape;
  const auto y = operation("lossy", x.value() * 2.0, {x, [](const Variable<double>& g) { return sum(g); }});
  try {
    tape.gradient(sum(y), x);
    FAIL("no exception");
  } catch (const ShapeError& error) {
    CHECK(std::string(error.what()) ==
          "'lossy': the pullback of input 0 returned shape {}, expected shape {3}");
  }
  const auto two = operation("short", x.value() * 2.0, {x, x},
                             [](const Variable<double>& g) { return std::vector<Variable<double>>{g}; });
  CHECK_THROWS_WITH_AS(tape.gradient(sum(two), x),
                       "'short': the joint pullback returned 1 cotangents for 2 inputs", ShapeError);
}

TEST_CASE("the error for an empty cotangent names the operation and the input") {
  const Variable<double> x = xt::xarray<double>{1, 2, 3};
  Tape tape;
  const auto y = operation("vague", x.value() * 2.0,
                           {{x, [](const Variable<double>& g) { return g; }},
                            {x, [](const Variable<double>&) { return Variable<double>(); }}});
  CHECK_THROWS_WITH_AS(tape.gradient(sum(y), x),
                       "'vague': the pullback of input 1 returned an empty Variable, expected shape {3}",
                       ShapeError);
}

TEST_CASE("an empty Variable as an input") {
  const Variable<double> empty;
  CHECK_THROWS_AS(empty.value(), ValueError);
  CHECK_THROWS_AS(exp(empty), ValueError);
  CHECK_THROWS_AS(empty + 1, ValueError);
}
