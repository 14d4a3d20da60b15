#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace xgrad;
using Point = xt::xarray<double>;

namespace {

auto at(const Variable<double>& w, std::ptrdiff_t i) { return view(w, i); }

/// Rosenbrock's function of any number of variables; minimum 0 at (1, ..., 1).
Variable<double> rosenbrock(const Variable<double>& w) {
  const auto n = static_cast<std::ptrdiff_t>(w.size());
  const auto x = view(w, xt::range(0, n - 1)), y = view(w, xt::range(1, n));
  return sum(100 * square(y - square(x)) + square(1 - x));
}

/// Beale's function; minimum 0 at (3, 1/2).
Variable<double> beale(const Variable<double>& w) {
  const auto x = at(w, 0), y = at(w, 1);
  return square(1.5 - x + x * y) + square(2.25 - x + x * square(y)) + square(2.625 - x + x * y * y * y);
}

/// Himmelblau's function; four minima with value 0.
Variable<double> himmelblau(const Variable<double>& w) {
  const auto x = at(w, 0), y = at(w, 1);
  return square(square(x) + y - 11) + square(x + square(y) - 7);
}

/// Powell's singular function; minimum 0 at 0, where the Hessian is singular.
Variable<double> powell(const Variable<double>& w) {
  const auto a = at(w, 0), b = at(w, 1), c = at(w, 2), d = at(w, 3);
  return square(a + 10 * b) + 5 * square(c - d) + square(square(b - 2 * c)) + 10 * square(square(a - d));
}

void close(const Array<double>& came, const Point& expected, double tolerance) {
  REQUIRE(came.size() == expected.size());
  for (std::size_t i = 0; i < came.size(); ++i) CHECK(std::abs(came(i) - expected(i)) <= tolerance);
}

}  // namespace

TEST_CASE("Rosenbrock, Beale, Himmelblau and Powell, to 8 digits") {
  const optim::MinimizeOptions tight{.gradient_norm = 1e-10};
  const auto banana = optim::minimize(rosenbrock, Point{-1.2, 1}, tight);
  CHECK(banana.converged());
  close(banana.w, {1, 1}, 1e-8);
  CHECK(banana.evaluations < 80);  // SciPy's L-BFGS-B takes 48
  const auto wide = optim::minimize(rosenbrock, Point(xt::zeros<double>({20}) - 0.5), tight);
  close(wide.w, Point(xt::ones<double>({20})), 1e-8);

  close(optim::minimize(beale, Point{1, 1}, tight).w, {3, 0.5}, 1e-8);

  // The four minima, each from a start near it (values from the literature).
  close(optim::minimize(himmelblau, Point{3.5, 2.5}, tight).w, {3, 2}, 1e-8);
  close(optim::minimize(himmelblau, Point{-3, 3}, tight).w, {-2.805118086952745, 3.131312518250573}, 1e-8);
  close(optim::minimize(himmelblau, Point{-4, -3}, tight).w, {-3.779310253377747, -3.283185991286170}, 1e-8);
  close(optim::minimize(himmelblau, Point{3.5, -2}, tight).w, {3.584428340330492, -1.848126526964404}, 1e-8);

  // Near Powell's minimum the value is proportional to the fourth power of the distance: 8 digits of w need a
  // value of 1e-32.
  const auto singular =
      optim::minimize(powell, Point{3, -1, 0, 1}, {.iterations = 5000, .gradient_norm = 1e-26});
  CHECK(singular.value < 1e-30);
  close(singular.w, {0, 0, 0, 0}, 1e-8);
}

TEST_CASE("each stopping criterion stops and is reported") {
  const auto stopped = [](const optim::MinimizeOptions& options) {
    return optim::minimize(rosenbrock, Point{-1.2, 1}, options).stop;
  };
  CHECK(stopped({}) == optim::Stop::gradient_norm);
  CHECK(stopped({.gradient_norm = 0, .step_size = 1e-3}) == optim::Stop::step_size);
  CHECK(stopped({.gradient_norm = 0, .decrease = 1e-3}) == optim::Stop::decrease);
  CHECK(stopped({.iterations = 3}) == optim::Stop::iterations);
  CHECK(stopped({.evaluations = 3}) == optim::Stop::evaluations);
  CHECK(stopped({.callback = [](const optim::Iteration& i) { return i.number == 2; }}) ==
        optim::Stop::callback);
  CHECK(optim::to_string(optim::Stop::step_size) == "the steps are small");
  const auto few = optim::minimize(rosenbrock, Point{-1.2, 1}, {.iterations = 3});
  CHECK(few.iterations == 3);
  CHECK_FALSE(few.converged());
}

TEST_CASE("the criteria are those of the note: ||w_t - w_(t-1)|| and |L_t - L_(t-1)|") {
  for (const auto method : {optim::Method::lbfgs, optim::Method::gradient_descent}) {
    std::vector<optim::Iteration> seen;
    const auto result = optim::minimize(beale, Point{1, 1},
                                        {.method = method,
                                         .gradient_norm = 0,
                                         .step_size = 1e-3,
                                         .learning_rate = 0.01,
                                         .callback = [&](const optim::Iteration& i) {
                                           seen.push_back(i);
                                           return false;
                                         }});
    CHECK(result.stop == optim::Stop::step_size);
    CHECK(seen.size() == result.iterations);
    for (std::size_t t = 0; t + 1 < seen.size(); ++t) CHECK(seen[t].step_size > 1e-3);
    CHECK(seen.back().step_size <= 1e-3);
  }
}

TEST_CASE("gradient descent is the momentum method") {
  // L = w^2 / 2: v <- mu v - alpha w, w <- w + v
  double w = 1, v = 0;
  for (int t = 0; t < 5; ++t) v = 0.5 * v - 0.25 * w, w += v;
  const auto result = optim::minimize([](const auto& x) { return square(x) / 2; }, Point(1.0),
                                      {.method = optim::Method::gradient_descent,
                                       .iterations = 5,
                                       .learning_rate = 0.25,
                                       .momentum = 0.5,
                                       .callback = [&](const optim::Iteration& i) {
                                         if (i.number == 5)
                                           CHECK(i.value == doctest::Approx(w * w / 2).epsilon(1e-14));
                                         return false;
                                       }});
  CHECK(result.evaluations == 6);
}

TEST_CASE("a quadratic with condition number 1000 takes fewer than 40 iterations") {
  const Variable<double> scales = xt::xarray<double>{1, 10, 100, 1000};
  const auto result =
      optim::minimize([&](const auto& w) { return sum(scales * square(w - 2)); }, Point{0, 0, 0, 0});
  CHECK(result.iterations < 40);
  close(result.w, {2, 2, 2, 2}, 1e-8);
}

TEST_CASE("cusp, no minimum, non-finite values, start at the minimum, no variables, float") {
  const auto cusp = optim::minimize([](const auto& w) { return sum(abs(w)); }, Point{1, -3});
  CHECK(cusp.value < 1e-6);
  const auto downhill =
      optim::minimize([](const auto& w) { return sum(w); }, Point{1, 1}, {.iterations = 50});
  CHECK(downhill.stop != optim::Stop::gradient_norm);
  CHECK(downhill.value < -1e6);
  // log of a negative number is NaN: the search stays in the domain
  const auto barrier = optim::minimize([](const auto& w) { return sum(w - log(w)); }, Point{1e-3});
  close(barrier.w, {1}, 1e-7);
  const auto exploding = optim::minimize([](const auto& w) { return sum(square(square(w))); }, Point{10},
                                         {.method = optim::Method::gradient_descent, .learning_rate = 1});
  CHECK(exploding.stop == optim::Stop::not_finite);
  CHECK(exploding.value == 10000);  // the best value found
  const auto there = optim::minimize(rosenbrock, Point{1, 1});
  CHECK(there.iterations == 0);
  CHECK(there.stop == optim::Stop::gradient_norm);
  const auto nothing = optim::minimize([](const auto& w) { return sum(w); }, Array<double>(Shape{0}));
  CHECK(nothing.stop == optim::Stop::gradient_norm);
  const auto single = optim::minimize([](const Variable<float>& w) { return sum(square(w - 3)); },
                                      xt::xarray<float>{0.0F, 1.0F});
  CHECK(single.w(0) == doctest::Approx(3));
}

TEST_CASE("minimize_parameters: batch learning by L-BFGS") {
  seed(1);
  nn::Linear<double> line(2, 1);
  const Array<double> x = random_normal<double>({50, 2});
  const Array<double> y =
      xt::view(x, xt::all(), xt::range(0, 1)) * 2.0 - xt::view(x, xt::all(), xt::range(1, 2)) + 0.5;
  const auto result =
      optim::minimize_parameters(nn::parameters(line), [&] { return nn::quadratic_loss(line(x), y); });
  CHECK(result.converged());
  CHECK(line.weight.value()(0, 0) == doctest::Approx(2).epsilon(1e-7));
  CHECK(line.weight.value()(0, 1) == doctest::Approx(-1).epsilon(1e-7));
  CHECK(line.bias.value()(0) == doctest::Approx(0.5).epsilon(1e-7));
}

TEST_CASE("invalid arguments are rejected") {
  const auto make = [](const optim::MinimizeOptions& options) {
    optim::minimize(rosenbrock, Point{1, 2}, options);
  };
  CHECK_THROWS_WITH_AS(make({.step_size = -1}), "minimize: expected step_size to be a number >= 0, got -1",
                       ValueError);
  CHECK_THROWS_WITH_AS(make({.memory = 0}), "minimize: expected memory to be at least 1, got 0", ValueError);
  CHECK_THROWS_WITH_AS(make({.momentum = 1}), "minimize: expected momentum to be a number in [0, 1), got 1",
                       ValueError);
  CHECK_THROWS_AS(optim::minimize([](const auto& w) { return sum(log(w)); }, Point{-1}), ValueError);
  CHECK_THROWS_AS(optim::minimize([](const auto& w) { return w; }, Point{1, 2}), Error);
}
