#include <autodiff/autodiff.hpp>

#include "../../support/check_operation.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace xgrad;

namespace {

using V = Variable<double>;

/// The Jacobian by central differences.
template <class F>
Array<double> differences(const F& f, const Array<double>& x) {
  const Shape m = f(V(x)).shape();
  Shape shape = m;
  shape.insert(shape.end(), x.shape().begin(), x.shape().end());
  Array<double> result(shape);
  constexpr double h = 1e-5;
  for (std::size_t j = 0; j < x.size(); ++j) {
    Array<double> above = x;
    Array<double> below = x;
    above.data()[j] += h;
    below.data()[j] -= h;
    const Array<double> up = f(V(above)).value();
    const Array<double> down = f(V(below)).value();
    for (std::size_t i = 0; i < up.size(); ++i) {
      result.data()[i * x.size() + j] = (up.data()[i] - down.data()[i]) / (2 * h);
    }
  }
  return result;
}

const auto cubes = [](const auto& x) { return sum(x * x * x); };

}  // namespace

TEST_CASE("jacobian: by rows and by columns, for all shapes") {
  const check::Listed listed("jacobian", {"", "torch.func.jacrev", "jax.jacobian"});
  // One backward pass per output for wide inputs, per input for narrow ones.
  const auto narrowing = [](const auto& x) { return sum(sin(x) * x, 0); };
  const auto widening = [](const auto& x) {
    const auto row = reshape(x, {1, -1});
    return exp(reshape(x, {-1, 1}) - row) * row;
  };
  for (const Shape& shape : {Shape{1}, Shape{3}, Shape{2, 3}, Shape{3, 1, 2}}) {
    const Array<double> x = check::draw(shape);
    const Array<double> flat = check::draw({x.size()});
    CHECK(check::close(jacobian(narrowing, x).value(), differences(narrowing, x), 1e-8));
    const bool same = check::close(jacobian(widening, flat).value(), differences(widening, flat), 1e-8);
    CHECK(same);
    check::Listed::note(check::Listed::value, same);
    check::derivatives([&](const auto& v) { return jacobian(narrowing, v); }, x);
    check::derivatives([&](const auto& v) { return jacobian(widening, v); }, flat);
  }
}

TEST_CASE("jacobian: numbers and empty arrays") {
  CHECK(jacobian([](const V& x) { return sin(x); }, 0.5).shape() == Shape{});
  CHECK(jacobian([](const V& x) { return sin(x); }, 0.5).item() == doctest::Approx(std::cos(0.5)));
  const V ten = full<double>({10}, 1.0);
  CHECK(jacobian([&](const V& x) { return x * ten; }, 2.0).value() == ten.value());
  CHECK(jacobian([](const V& x) { return sum(x); }, ten).value() == ten.value());
  const V none = empty<double>({0, 2});
  CHECK(jacobian([](const V& x) { return x * 2; }, none).shape() == Shape{0, 2, 0, 2});
  CHECK(jacobian([](const V& x) { return sum(x, 0); }, none).shape() == Shape{2, 0, 2});
  CHECK(jacobian([&](const V&) { return none; }, ten).shape() == Shape{0, 2, 10});
}

TEST_CASE("jacobian: each function is evaluated once") {
  int calls = 0;
  const auto f = [&](const V& x, double scale) { return ++calls, concatenate({x, x * x}) * scale; };
  const auto j = jacobian(f)(xt::xarray<double>{1, 2}, 3.0);
  CHECK(calls == 1);
  CHECK(j.value() == xt::xarray<double>{{3, 0}, {0, 3}, {6, 0}, {0, 12}});
  CHECK(jacobian([&](const V& x) { return ++calls, sum(x * x); }, xt::xarray<double>{1, 2}).value() ==
        xt::xarray<double>{2, 4});
  CHECK(calls == 2);
}

TEST_CASE("jacobian: functions that do not depend on x, or return it") {
  const V x = xt::xarray<double>{1, 2};
  const auto outer = constant(xt::xarray<double>{1, 2, 3});
  Tape tape;
  const V computed = x * 2;
  for (const V& fixed : {V(outer), V(xt::xarray<double>{1, 2, 3}), concatenate({computed, x}), V(1.0)}) {
    const auto f = [&](const V&) { return fixed; };
    CHECK(xt::all(xt::equal(jacobian(f, x).value(), 0.0)));
    CHECK(jacobian(f, x).size() == fixed.size() * 2);
  }
  const auto itself = [](const V& v) { return v; };
  CHECK(jacobian(itself, x).value() == xt::xarray<double>{{1, 0}, {0, 1}});
  CHECK(jacobian(itself, computed).value() == xt::xarray<double>{{1, 0}, {0, 1}});
  const auto twice = [](const V& v) { return concatenate({v, v}); };
  CHECK(jacobian(twice, computed).value() == xt::xarray<double>{{1, 0}, {0, 1}, {1, 0}, {0, 1}});
}

TEST_CASE("jacobian: what f captures is held fixed, x itself included") {
  const V x = xt::xarray<double>{1, 2};
  CHECK(jacobian([&](const V& v) { return v * x; }, x).value() == xt::xarray<double>{{1, 0}, {0, 2}});
  CHECK(jacobian([&](const V& v) { return concatenate({v, v}) * concatenate({x, x}); }, x).value() ==
        xt::xarray<double>{{1, 0}, {0, 2}, {1, 0}, {0, 2}});
  CHECK(hessian([&](const V& v) { return sum(v * v * x); }, x).value() == xt::xarray<double>{{2, 0}, {0, 4}});
}

TEST_CASE("jacobian: a function that changes the precision") {
  const Variable<float> x = xt::xarray<float>{1, 2, 3};
  const auto narrowing = jacobian([](const auto& v) { return sum(cast<double>(v) * cast<double>(v)); }, x);
  CHECK(narrowing.value() == xt::xarray<float>{2, 4, 6});
  const auto widening = jacobian([](const auto& v) { return cast<double>(concatenate({v, v})); }, 2 * x);
  CHECK(widening.shape() == Shape{6, 3});
  CHECK(widening.value()(4, 1) == 1.F);
}

TEST_CASE("hessian: Rosenbrock's function by hand") {
  const check::Listed listed("hessian", {"", "torch.func.hessian", "jax.hessian"});
  const auto f = [](const auto& v) {
    const auto x = view(v, 0);
    const auto y = view(v, 1);
    return square(1 - x) + 100 * square(y - square(x));
  };
  const auto h = hessian(f, xt::xarray<double>{-1.2, 1.0});
  // 2 + 1200 x^2 - 400 y, -400 x, 200.
  const bool same = check::close(h.value(), xt::xarray<double>{{1330, 480}, {480, 200}}, 1e-14);
  CHECK(same);
  check::Listed::note(check::Listed::value, same);
  check::derivatives([&](const auto& v) { return hessian(f, v); },
                     Array<double>(xt::xarray<double>{0.5, 1.5}));
}

TEST_CASE("hessian: shapes") {
  CHECK(hessian(cubes, check::draw({2, 3})).shape() == Shape{2, 3, 2, 3});
  CHECK(hessian(cubes, 2.0).item() == 12);
  CHECK(hessian(cubes, V(empty<double>({0}))).shape() == Shape{0, 0});
  CHECK(hessian([](const V& x) { return sum(x); }, xt::xarray<double>{1, 2}).value() ==
        xt::zeros<double>({2, 2}));
  CHECK(hessian([](const V&) { return V(1.0); }, xt::xarray<double>{1, 2}).value() ==
        xt::zeros<double>({2, 2}));
  CHECK(hessian([](const V& x, double a) { return sum(x * x) * a; })(xt::xarray<double>{1, 2}, 3.0).value() ==
        xt::xarray<double>{{6, 0}, {0, 6}});
  CHECK(hessian([](const Variable<float>& x) { return reshape(sum(x * x), {1, 1}); }, xt::xarray<float>{1})
            .item() == 2.F);
}

TEST_CASE("transforms nest: third derivatives in several ways") {
  const V x = xt::xarray<double>{1, 2};
  // f = a^3 b^2: f_aaa = 6 b^2, f_aab = 12 a b, f_abb = 6 a^2.
  const auto f = [](const V& v) {
    const auto a = view(v, 0);
    const auto b = view(v, 1);
    return a * a * a * b * b;
  };
  const xt::xarray<double> expected = {{{24, 24}, {24, 6}}, {{24, 6}, {6, 0}}};
  CHECK(check::close(jacobian(hessian(f), x).value(), expected, 1e-14));
  CHECK(check::close(jacobian(jacobian(grad(f)), x).value(), expected, 1e-14));
  CHECK(check::close(jacobian(jacobian(jacobian(f)), x).value(), expected, 1e-14));
  const auto first_entry = [&](const V& v) { return view(grad(f)(v), 0); };
  CHECK(check::close(hessian(first_entry, x).value(), xt::xarray<double>{{24, 24}, {24, 6}}, 1e-14));
  const auto sum_of_hessian = grad([&](const V& v) { return sum(hessian(f, v)); });
  CHECK(check::close(sum_of_hessian(x).value(), xt::xarray<double>{24 + 24 + 24 + 6, 24 + 6 + 6 + 0}, 1e-14));
  const auto along = [&](const V& v) { return hvp(f, v, xt::xarray<double>{1, 0}); };
  CHECK(check::close(jacobian(along, x).value(), xt::xarray<double>{{24, 24}, {24, 6}}, 1e-14));
}

TEST_CASE("hvp: the Hessian times a vector, in one evaluation") {
  const check::Listed listed("hvp", {"", "torch.autograd.functional.hvp", ""});
  int calls = 0;
  const auto f = [&](const auto& x) { return ++calls, sum(exp(x) * x) + square(sum(x)); };
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 2}, Shape{0}}) {
    const Array<double> x = check::draw(shape);
    const Array<double> v = check::draw(shape, -1, 1, 3);
    Array<double> expected(shape);
    double total = 0;
    for (const double entry : v) total += entry;
    for (std::size_t i = 0; i < x.size(); ++i) {
      expected.data()[i] = v.data()[i] * std::exp(x.data()[i]) * (x.data()[i] + 2) + 2 * total;
    }
    calls = 0;
    CHECK(check::close(hvp(f, x, v).value(), expected, 1e-13));
    CHECK(calls == 1);
    check::operation([&](const auto& p, const auto& q) { return hvp(f, p, q); }, expected, x, v);
  }
  CHECK(hvp([](const V& x) { return sum(x); }, xt::xarray<double>{1, 2}, xt::xarray<double>{1, 1}).value() ==
        xt::xarray<double>{0, 0});
  CHECK(hvp([](const V&) { return V(2.0); }, xt::xarray<double>{1, 2}, xt::xarray<double>{1, 1}).value() ==
        xt::xarray<double>{0, 0});
}

TEST_CASE("errors of jacobian, hessian and hvp") {
  const V x = xt::xarray<double>{1, 2};
  const auto vector = [](const V& v) { return v * 2; };
  CHECK(check::message<ShapeError>([&] { hessian(vector, x); }) ==
        "hessian: expected a function result with one entry, got shape {2}");
  CHECK(check::message<ShapeError>([&] { hvp(vector, x, x); }) ==
        "hvp: expected a function result with one entry, got shape {2}");
  CHECK(check::message<ShapeError>([&] { hvp(cubes, x, xt::xarray<double>{1, 2, 3}); }) ==
        "hvp: the direction has shape {3}, expected its input's shape {2}");
  CHECK_THROWS_AS(jacobian(vector, V()), ValueError);
}

TEST_CASE("jacobian, hessian and hvp with other namespaces open") {
  using namespace xt;
  using namespace std;
  Variable<double> x = xt::xarray<double>{1, 2};
  const auto f = [](const Variable<double>& v) { return sum(v * v); };
  CHECK(jacobian(f, x).value() == xt::xarray<double>{2, 4});
  CHECK(hessian(f, as_const(x)).value()(0, 0) == 2);
  CHECK(hvp(f, x * 1, x).value() == xt::xarray<double>{2, 4});
}
