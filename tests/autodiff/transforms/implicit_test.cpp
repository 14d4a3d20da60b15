#include <autodiff/autodiff.hpp>

#include "../../support/check_operation.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>

using namespace xgrad;

namespace {

using V = Variable<double>;

// Generic, to test them in float too.

/// sqrt(a) by Heron's method; a is passed as an argument.
const auto heron = [](const auto& a) {
  using T = typename std::decay_t<decltype(a)>::value_type;
  return fixed_point([](const auto& z, const auto& b) { return (z + b / z) / 2; }, full<T>(a.shape(), T(1)),
                     a);
};

/// z = A z / 10 + b; A and b are captured.
const auto linear_map = [](const auto& a, const auto& b) {
  return fixed_point([a, b](const auto& z) { return matmul(a, z) / 10 + b; }, b);
};

/// The eccentric anomaly, E - e sin E = M.
const auto kepler = [](const auto& e, const auto& m) {
  return root([e, m](const auto& z) { return z - e * sin(z) - m; }, m + e * 0);
};

/// A system of two equations: x^2 + y^2 = p, x - y = q.
const auto circle = [](const auto& pq) {
  using T = typename std::decay_t<decltype(pq)>::value_type;
  return root(
      [](const auto& z, const auto& c) {
        const auto x = view(z, xt::range(0, 1));
        const auto y = view(z, xt::range(1, 2));
        return concatenate({x * x + y * y, x - y}) - c;
      },
      xt::xarray<T>{2, 1}, pq);
};

}  // namespace

TEST_CASE("fixed_point: square roots by Heron's iteration") {
  const check::Listed listed("fixed_point");
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{4}, Shape{2, 3}, Shape{0}}) {
    const Array<double> a = check::draw(shape, 0.5, 3);
    check::operation(heron, to_array<double>(xt::sqrt(a)), a);
  }
}

TEST_CASE("fixed_point: a linear map against the closed form") {
  const check::Listed listed("fixed_point");
  // (I - A / 10) z = b with A = {{2, 1}, {3, -1}}: the matrix is {{0.8, -0.1}, {-0.3, 1.1}}, of determinant
  // 0.85.
  const xt::xarray<double> a = {{2, 1}, {3, -1}};
  const xt::xarray<double> b = {1, 2};
  check::operation(linear_map, xt::xarray<double>{1.3 / 0.85, 1.9 / 0.85}, to_array<double>(a),
                   to_array<double>(b));
  // dz_i/db_j is the inverse of that matrix.
  const auto inverse = jacobian([&](const V& v) { return linear_map(V(a), v); }, b);
  CHECK(check::close(inverse.value(), xt::xarray<double>{{1.1 / 0.85, 0.1 / 0.85}, {0.3 / 0.85, 0.8 / 0.85}},
                     1e-11));
}

TEST_CASE("fixed_point: cos x = x, and its derivatives to third order") {
  const auto f = [](const V& a) {
    return fixed_point([](const V& z, const V& p) { return cos(p * z); }, 1, a);
  };
  CHECK(f(1).item() == doctest::Approx(0.73908513321516064).epsilon(1e-11));
  // z' = -s (z + a z') with s = sin(a z).
  const double z = 0.73908513321516064;
  const double s = std::sin(z);
  CHECK(grad(f)(1).item() == doctest::Approx(-s * z / (1 + s)).epsilon(1e-10));
  // Higher derivatives by differences of lower ones.
  const auto second = grad(grad(f));
  const double h = 1e-4;
  CHECK(second(1).item() ==
        doctest::Approx((grad(f)(1 + h).item() - grad(f)(1 - h).item()) / (2 * h)).epsilon(1e-6));
  CHECK(grad(second)(1).item() ==
        doctest::Approx((second(1 + h).item() - second(1 - h).item()) / (2 * h)).epsilon(1e-6));
}

TEST_CASE("third derivatives of a square root") {
  const V a = 2.0;
  const double expected = 3.0 / 8 * std::pow(2, -2.5);
  CHECK(grad(grad(grad(heron)))(a).item() == doctest::Approx(expected).epsilon(1e-9));
  const auto by_root = [](const V& b) { return root([b](const V& z) { return z * z - b; }, 1); };
  CHECK(grad(grad(grad(by_root)))(a).item() == doctest::Approx(expected).epsilon(1e-12));
  CHECK(hessian(by_root, a).item() == doctest::Approx(-0.25 * std::pow(2, -1.5)).epsilon(1e-12));
}

TEST_CASE("root: Kepler's equation") {
  const check::Listed listed("root");
  // Reference: E = 1.0885977523978936 for e = 0.1, M = 1 (by bisection of E - e sin E - M, in 50 digits).
  const V anomaly = kepler(V(0.1), V(1.0));
  CHECK(anomaly.item() == doctest::Approx(1.0885977523978936).epsilon(1e-14));
  const double e = anomaly.item();
  // dE/dM = 1 / (1 - e cos E), dE/de = sin E / (1 - e cos E).
  CHECK(grad<1>(kepler)(0.1, 1.0).item() == doctest::Approx(1 / (1 - 0.1 * std::cos(e))).epsilon(1e-13));
  CHECK(grad(kepler)(0.1, 1.0).item() ==
        doctest::Approx(std::sin(e) / (1 - 0.1 * std::cos(e))).epsilon(1e-13));
  for (const Shape& shape : {Shape{}, Shape{3}, Shape{1, 2}, Shape{0, 2}}) {
    check::derivatives(kepler, check::draw(shape, 0.1, 0.6), check::draw(shape, 0.5, 2.5, 2));
  }
}

TEST_CASE("root: a system of equations") {
  const check::Listed listed("root");
  // x^2 + y^2 = 5 and x - y = 1 at (2, 1).
  check::operation(circle, xt::xarray<double>{2, 1}, Array<double>(xt::xarray<double>{5, 1}));
  check::derivatives(circle, Array<double>(xt::xarray<double>{7, 0.5}));
}

TEST_CASE("captured Variables and parameters have gradients, z0 has none") {
  Parameter<double> w(Array<double>(xt::xarray<double>{0.5, -0.25}));
  const V b = xt::xarray<double>{1, 2};
  const V start = xt::xarray<double>{0, 0};
  Tape tape;
  const auto z = fixed_point([&](const V& at) { return tanh(w * at) + b; }, start);
  const auto gradients = tape.gradient(sum(z), {V(w), b});
  // z = tanh(w z) + b: dz/db = 1 / (1 - w t), dz/dw = z t / (1 - w t), t = 1 - tanh(w z)^2.
  for (std::size_t i = 0; i < 2; ++i) {
    const double at = z.value()(i);
    const double u = w.value()(i);
    const double t = 1 - std::pow(std::tanh(u * at), 2);
    CHECK(gradients[0].value()(i) == doctest::Approx(at * t / (1 - u * t)).epsilon(1e-10));
    CHECK(gradients[1].value()(i) == doctest::Approx(1 / (1 - u * t)).epsilon(1e-10));
  }
  CHECK_THROWS_AS(tape.gradient(sum(z), start), TapeError);  // z0 is not recorded
  tape.backward(sum(z));
  CHECK(check::close(w.grad(), gradients[0].value(), 1e-14));
}

TEST_CASE("a parameter passed as an argument is not copied") {
  Parameter<double> w(Array<double>(xt::xarray<double>{0.5}));
  Tape tape;
  const auto z =
      fixed_point([](const V& at, const V& weight) { return at * weight + 1; }, xt::xarray<double>{0}, w);
  const auto r = root([](const V& at, const V& weight) { return at * weight - 1; }, xt::xarray<double>{1}, w);
  tape.backward(sum(z) + sum(r));
  CHECK(w.grad()(0) == doctest::Approx(4 - 4));  // 1 / (1 - w)^2 - 1 / w^2
}

TEST_CASE("what f captures may have another precision") {
  const Variable<float> w = xt::xarray<float>{0.5F};
  const auto f = [](const Variable<float>& weight) {
    return fixed_point([weight](const V& z) { return z * cast<double>(weight) + 1; }, xt::xarray<double>{0});
  };
  CHECK(grad(f)(w).item() == doctest::Approx(4));
  CHECK(hessian(f, w).item() == doctest::Approx(16));  // 2 / (1 - w)^3
}

TEST_CASE("the iterations are not recorded") {
  int calls = 0;
  const V a = 2.0;
  Tape tape;
  const auto slow = [&](const V& z) { return ++calls, 0.9 * z + a; };
  const auto z = fixed_point(slow, 0);
  CHECK(z.item() == doctest::Approx(20));
  CHECK(calls > 200);
  CHECK(tape.size() < 8);
  const int before = calls;
  CHECK(tape.gradient(z, a).item() == doctest::Approx(10));
  CHECK(calls == before + 1);  // each iteration is a backward pass over one recording
}

TEST_CASE("solvers without a tape, and of constants") {
  CHECK(heron(V(9.0)).item() == doctest::Approx(3));
  const auto a = constant(xt::xarray<double>{4});
  Tape tape;
  CHECK(heron(a).node()->constant);
  CHECK(tape.size() == 0);
}

TEST_CASE("nested solvers, and derivatives inside the equation") {
  // z = a cos(y(z)), where y = sqrt(z + 1) is itself a fixed point.
  const auto nested = [](const auto& a) {
    return fixed_point([a](const auto& z) { return cos(heron(z + 1)) * a; }, a * 0 + 0.5);
  };
  const Array<double> a = full<double>({2}, 0.8);
  const GradCheck first = gradcheck(nested, a);
  CHECK_MESSAGE(first.ok, first.message);
  // A derivative in the equation: the minimum of (z - a)^2 + z^4 / 4.
  const auto minimum = [](const auto& b) {
    return root(grad([b](const auto& z) { return sum(square(z - b) + square(square(z)) / 4); }), b);
  };
  const GradCheck second = gradgradcheck(minimum, a);
  CHECK_MESSAGE(second.ok, second.message);
}

TEST_CASE("options, and a function object by reference") {
  struct Halving {
    V target;
    V operator()(const V& z) const { return (z + target) / 2; }
  };
  const Halving halving{V(3.0)};
  const double rough = fixed_point({.tolerance = 0.1}, std::ref(halving), 0).item();
  CHECK(std::abs(rough - 3) > 1e-3);
  CHECK(std::abs(rough - 3) < 0.4);
  CHECK(root(
            {.tolerance = 1e-3, .max_iterations = 3}, [](const V& z) { return z * z - 4; }, 2.1)
            .item() == doctest::Approx(2));
}

TEST_CASE("error messages of the solvers") {
  const auto doubling = [](const V& z) { return 2 * z + 1; };
  const auto text =
      check::message<ConvergenceError>([&] { fixed_point({.max_iterations = 3}, doubling, 0); });
  CHECK(text ==
        "fixed_point: no convergence in 3 iterations: the residual max |f(z) - z| is 4, the tolerance 7e-12");
  CHECK(check::has(
      check::message<ConvergenceError>([&] { fixed_point({.max_iterations = 5000}, doubling, 0); }),
      "fixed_point: diverged: the residual is inf after 10"));
  CHECK(check::message<ConvergenceError>([] {
          root([](const V& z) { return z * z + 1; }, 0.5);
        }).starts_with("root: no convergence in 50 steps: the residual max |f(z)| is "));
  CHECK(check::message<ConvergenceError>([] { root([](const V& z) { return z * 0 + 2; }, 0.5); }) ==
        "root: the Jacobian, of shape {1, 1}, is singular; the residual is max |f(z)| = 2");
  CHECK(check::has(check::message<ConvergenceError>([] { root([](const V& z) { return log(z); }, -1.0); }),
                   "root: diverged: the residual max |f(z)| is"));
  const V pair = xt::xarray<double>{1, 2};
  CHECK(check::message<ShapeError>([&] { fixed_point([&](const V& z) { return z + pair; }, 0); }) ==
        "fixed_point: f(z) has shape {2}, expected the shape {} of z");
  CHECK(check::message<ShapeError>([&] { root([&](const V& z) { return sum(z); }, pair); }) ==
        "root: f(z) has shape {}, expected the shape {2} of z");
  CHECK(check::has(check::message<ValueError>([&] { root({.tolerance = -1}, doubling, 0); }),
                   "root: expected a tolerance >= 0, got -1"));
}

TEST_CASE("a pullback that does not converge is an error") {
  // Near the solution 0 of z = z^3 + a the iteration is fast, but here f's derivative exceeds 1.
  const V a = 0.0;
  Tape tape;
  const auto z = fixed_point([&](const V& at) { return 3 * at * at + at * 2 + a; }, 0);
  CHECK(z.item() == 0);
  const auto text = check::message<ConvergenceError>([&] { tape.gradient(z, a); });
  CHECK(check::has(text, "fixed_point (in its pullback): "));
}

TEST_CASE("an exception in f leaves the tapes recording") {
  const V a = 2.0;
  Tape tape;
  CHECK_THROWS_AS(fixed_point([](const V&) -> V { throw ValueError("no"); }, 0), ValueError);
  CHECK_THROWS_AS(root([](const V&) -> V { throw ValueError("no"); }, 0), ValueError);
  CHECK(tape.gradient(a * a, a).item() == 4);
}

TEST_CASE("solvers with other namespaces open") {
  using namespace xt;
  using namespace std;
  const Variable<double> a = 4.0;
  CHECK(fixed_point([&](const Variable<double>& z) { return (z + a / z) / 2; }, 1).item() ==
        doctest::Approx(2));
  CHECK(root([&](const Variable<double>& z) { return z * z - a; }, 1).item() == doctest::Approx(2));
}
