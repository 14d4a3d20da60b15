#include <autodiff/array.hpp>
#include <autodiff/error.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/hyperbolic.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/parameter.hpp>
#include <autodiff/random.hpp>
#include <autodiff/tape.hpp>
#include <nn/layers.hpp>
#include <nn/module.hpp>
#include <optim/optim.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

using namespace xgrad;

namespace {

template <class T>
Parameter<T> number(T value) {
  return Parameter<T>(full<T>({1}, value));
}

template <class T>
void set_grad(Parameter<T>& parameter, T value) {
  parameter.handle().set_grad(full<T>(parameter.shape(), value));
}

/// The parameter's values after each step, with a constant gradient.
std::vector<double> path(double start, double gradient, std::size_t steps, const optim::SGDOptions& options) {
  auto w = number(start);
  optim::SGD<double> sgd(std::vector{w.handle()}, options);
  std::vector<double> values;
  for (std::size_t t = 0; t < steps; ++t) {
    set_grad(w, gradient);
    sgd.step();
    values.push_back(w.value()(0));
  }
  return values;
}

struct Net {
  nn::Linear<float> fc1{3, 4}, fc2{4, 2, {.bias = false}};
  Variable<float> operator()(const Variable<float>& x) const { return fc2(tanh(fc1(x))); }
};

std::vector<float> all_values(Net& net) {
  std::vector<float> values;
  for (const auto& each : nn::parameters(net)) {
    values.insert(values.end(), each.parameter.value().begin(), each.parameter.value().end());
  }
  return values;
}

}  // namespace

// The values below are sums of powers of two and therefore exact.

TEST_CASE("gradient descent: w <- w - alpha g") {
  CHECK(path(1, 2, 3, {.learning_rate = 0.25}) == std::vector<double>{0.5, 0, -0.5});
  CHECK(path(1, 2, 2, {.learning_rate = 0}) == std::vector<double>{1, 1});
}

TEST_CASE("constant momentum") {
  // v: -0.5, -0.75, -0.875, -0.9375
  CHECK(path(1, 2, 4, {.learning_rate = 0.25, .momentum = 0.5}) ==
        std::vector<double>{0.5, -0.25, -1.125, -2.0625});
}

TEST_CASE("scheduled momentum keeps a velocity even while the coefficient is 0") {
  // mu = 0, 1/2, 3/4: v = -0.5, -0.75, -1.0625
  const auto mu = [](std::size_t t) {
    return 0.5 * static_cast<double>(t) - 0.125 * static_cast<double>(t * t - t);
  };
  CHECK(path(1, 2, 3, {.learning_rate = 0.25, .momentum = mu}) == std::vector<double>{0.5, -0.25, -1.3125});
}

TEST_CASE("the velocity includes the learning rate") {
  // alpha = 1/4, 1/8: v = -0.5, -0.25 - 0.25 = -0.5
  const auto alpha = optim::step_decay(0.25, {1}, 2);
  CHECK(path(1, 2, 2, {.learning_rate = alpha, .momentum = 0.5}) == std::vector<double>{0.5, 0});
}

TEST_CASE("weight decay acts through the gradient and the momentum") {
  // g + w / 2 = 2, then 1.75: v = -0.5, then -0.25 - 0.4375
  CHECK(path(2, 1, 1, {.learning_rate = 0.25, .weight_decay = 0.5}) == std::vector<double>{1.5});
  CHECK(path(2, 1, 2, {.learning_rate = 0.25, .momentum = 0.5, .weight_decay = 0.5}) ==
        std::vector<double>{1.5, 1.5 - 0.6875});
}

TEST_CASE("clipping scales all gradients together, before weight decay is added") {
  auto a = number(1.0), b = number(2.0), without = number(5.0);
  optim::SGD<double> sgd({a.handle(), b.handle(), without.handle()},
                         {.learning_rate = 0.5, .weight_decay = 1, .clip_norm = 2.5});
  set_grad(a, 3.0), set_grad(b, 4.0);
  sgd.step();  // the norm is 5
  CHECK(a.value()(0) == 1 - 0.5 * (1.5 + 1));
  CHECK(b.value()(0) == 2 - 0.5 * (2 + 2));
  CHECK(without.value()(0) == 5);
  set_grad(b, 1.0);
  sgd.step();  // not clipped
  CHECK(b.value()(0) == -0.5);
}

TEST_CASE("clipping a non-finite norm is an error") {
  auto w = number(1.0);
  set_grad(w, std::numeric_limits<double>::infinity());
  optim::SGD<double> clipped({w.handle()}, {.clip_norm = 1});
  CHECK_THROWS_WITH_AS(
      clipped.step(), "SGD: clipping requires a finite norm of the gradients, got inf at step 0", ValueError);
  CHECK(w.value()(0) == 1);
  CHECK(w.handle().has_grad());
  CHECK(clipped.steps() == 0);
  optim::SGD<double>({w.handle()}).step();  // the norm is not checked without clipping
  CHECK(std::isinf(w.value()(0)));
}

TEST_CASE("step uses the gradients and clears them") {
  auto w = number(1.0f);
  optim::SGD sgd(std::vector{w.handle()}, {.learning_rate = 0.5, .momentum = 0.5});
  static_assert(std::is_same_v<decltype(sgd), optim::SGD<float>>);
  const auto version = w.handle().version();
  set_grad(w, 1.0f);
  sgd.step();
  CHECK_FALSE(w.handle().has_grad());
  CHECK(w.handle().version() > version);
  CHECK(sgd.steps() == 1);

  sgd.step();  // without a gradient neither value nor velocity changes
  CHECK(w.value()(0) == 0.5f);
  CHECK(sgd.steps() == 2);
  set_grad(w, 1.0f);
  sgd.step();
  CHECK(w.value()(0) == -0.25f);

  set_grad(w, 1.0f);
  sgd.clear_grad();
  CHECK_FALSE(w.handle().has_grad());
  set_grad(w, 1.0f);
  sgd.zero_grad();
  CHECK_FALSE(w.handle().has_grad());
}

TEST_CASE("a Variable that holds the old value is unchanged") {
  auto w = number(1.0);
  const Variable<double> kept = w;
  optim::SGD<double> sgd({w.handle()}, {.learning_rate = 1});
  set_grad(w, 1.0);
  sgd.step();
  CHECK(w.value()(0) == 0);
  CHECK(kept.value()(0) == 1);
}

TEST_CASE("current learning rate and momentum, set_learning_rate, reset") {
  auto w = number(0.0);
  optim::SGD<double> sgd({w.handle()}, {.learning_rate = optim::step_decay(0.5, {1}, 2),
                                        .momentum = optim::increasing_momentum(0.9)});
  CHECK(sgd.learning_rate() == 0.5);
  CHECK(sgd.momentum() == 0.5);
  set_grad(w, 1.0);
  sgd.step();  // v = -0.5
  CHECK(sgd.learning_rate() == 0.25);
  sgd.set_learning_rate(0.125);
  CHECK(sgd.learning_rate() == 0.125);
  set_grad(w, 1.0);
  sgd.step();  // v = -0.25 - 0.125
  CHECK(w.value()(0) == -0.875);
  CHECK_THROWS_AS(sgd.set_learning_rate(-1), ValueError);
  CHECK(sgd.learning_rate() == 0.125);

  sgd.reset();
  CHECK(sgd.steps() == 0);
  CHECK(w.value()(0) == -0.875);
  set_grad(w, 1.0);
  sgd.step();
  CHECK(w.value()(0) == -1);
}

TEST_CASE("duplicate parameters are ignored") {
  auto w = number(1.0);
  optim::SGD<double> sgd({w.handle(), w.handle()}, {.learning_rate = 0.5, .clip_norm = 1});
  set_grad(w, 1.0);
  sgd.step();
  CHECK(w.value()(0) == 0.5);
}

TEST_CASE("net = best keeps the optimiser attached, and its velocity") {
  Net net, best;
  optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.5, .momentum = 0.5});
  set_grad(net.fc1.bias, 1.0f);
  sgd.step();
  best.fc1.bias.handle().set_value(full<float>({4}, 8.0f));
  net = best;
  CHECK(net.fc1.bias.value()(3) == 8);
  set_grad(net.fc1.bias, 1.0f);
  sgd.step();
  CHECK(net.fc1.bias.value()(3) == 8 - 0.25f - 0.5f);
  CHECK(best.fc1.bias.value()(3) == 8);

  Net moved = std::move(net);
  set_grad(moved.fc1.bias, 0.0f);
  sgd.step();
  CHECK(moved.fc1.bias.value()(3) == 7.25f - 0.375f);
}

TEST_CASE("the velocity is reset if the parameter's shape changes") {
  for (const Shape& shape : {Shape{4}, Shape{}}) {
    auto w = number(1.0);
    optim::SGD<double> sgd({w.handle()}, {.learning_rate = 0.5, .momentum = 0.5});
    set_grad(w, 1.0);
    sgd.step();
    w = Parameter<double>(full<double>(shape, 2.0));
    set_grad(w, 1.0);
    sgd.step();
    CHECK(w.shape() == shape);
    for (const double entry : w.value()) CHECK(entry == 1.5);
  }
}

TEST_CASE("all entries of large parameters follow the same rule") {
  const std::size_t size = 200003;
  Generator generator(1);
  const auto start = random_normal<float>({size}, 0, 1, generator);
  const auto gradient = random_normal<float>({size}, 0, 1, generator);
  Parameter<float> w(start);
  optim::SGD<float> sgd({w.handle()}, {.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01});
  std::vector<double> value(start.begin(), start.end()), velocity(size, 0.0);
  for (int t = 0; t < 3; ++t) {
    w.handle().set_grad(gradient);
    sgd.step();
    for (std::size_t i = 0; i < size; ++i) {
      velocity[i] = 0.9 * velocity[i] - 0.1 * (static_cast<double>(gradient(i)) + 0.01 * value[i]);
      value[i] += velocity[i];
    }
  }
  double worst = 0;
  for (std::size_t i = 0; i < size; ++i) worst = std::max(worst, std::abs(value[i] - w.value()(i)));
  CHECK(worst < 2e-6);
}

TEST_CASE_TEMPLATE("a quadratic is minimised", T, float, double) {
  // sum of s_i (w_i - m_i)^2 / 2, condition number 10
  const Array<T> scale = to_array<T>(xt::xarray<T>({1, 3, 10})),
                 minimum = to_array<T>(xt::xarray<T>({-2, 0.5, 4}));
  for (const bool plain : {true, false}) {
    Parameter<T> w(full<T>({3}, T(0)));
    optim::SGD<T> sgd({w.handle()}, {.learning_rate = 0.1, .momentum = plain ? 0 : 0.6});
    for (int t = 0; t < 300; ++t) {
      Tape tape;
      tape.backward(sum(T(0.5) * scale * square(w - minimum)));
      sgd.step();
    }
    for (std::size_t i = 0; i < 3; ++i) CHECK(w.value()(i) == doctest::Approx(minimum(i)).epsilon(1e-5));
  }
}

TEST_CASE("training with the same seed is bit-identical") {
  const auto train = [] {
    seed(3);
    Net net;
    optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.05,
                                                .momentum = optim::increasing_momentum(0.9),
                                                .weight_decay = 1e-3,
                                                .clip_norm = 0.5});
    for (int t = 0; t < 20; ++t) {
      const Array<float> x = random_normal<float>({8, 3});
      Tape tape;
      tape.backward(mean(square(net(x) - 1.0f)));
      sgd.step();
    }
    return all_values(net);
  };
  CHECK(train() == train());
}

TEST_CASE("options out of range are rejected") {
  auto w = number(1.0);
  const std::vector handles{w.handle()};
  const auto sgd = [&](const optim::SGDOptions& options) { optim::SGD<double>(handles, options); };
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH_AS(optim::SGD<double>(std::vector<ParameterHandle<double>>{}),
                       "SGD: expected at least one parameter, got none", ValueError);
  CHECK_THROWS_AS(optim::SGD<float>(std::vector<nn::NamedParameter<float>>{}), ValueError);
  CHECK_THROWS_WITH_AS(sgd({.learning_rate = -1}),
                       "SGD: expected a finite learning rate >= 0 at step 0, got -1", ValueError);
  CHECK_THROWS_AS(sgd({.learning_rate = nan}), ValueError);
  CHECK_THROWS_AS(sgd({.learning_rate = inf}), ValueError);
  CHECK_THROWS_WITH_AS(sgd({.momentum = 1.5}), "SGD: expected a momentum in [0, 1] at step 0, got 1.5",
                       ValueError);
  CHECK_THROWS_AS(sgd({.momentum = -0.1}), ValueError);
  CHECK_NOTHROW(sgd({.momentum = 1}));  // the upper end of the range in the note
  CHECK_THROWS_AS(sgd({.momentum = nan}), ValueError);
  CHECK_THROWS_WITH_AS(sgd({.weight_decay = -0.5}), "SGD: expected a finite weight_decay >= 0, got -0.5",
                       ValueError);
  CHECK_THROWS_WITH_AS(sgd({.clip_norm = inf}), "SGD: expected a finite clip_norm >= 0, got inf", ValueError);
}

TEST_CASE("a schedule value out of range is an error that names the step, and nothing changes") {
  auto w = number(1.0);
  const auto rate = [](std::size_t t) { return t < 2 ? 0.5 : std::nan(""); };
  optim::SGD<double> sgd({w.handle()}, {.learning_rate = rate});
  for (int t = 0; t < 2; ++t) {
    set_grad(w, 1.0);
    sgd.step();
  }
  set_grad(w, 1.0);
  CHECK_THROWS_WITH_AS(sgd.step(), "SGD: expected a finite learning rate >= 0 at step 2, got nan",
                       ValueError);
  CHECK(w.value()(0) == 0);
  CHECK(w.handle().has_grad());
  CHECK(sgd.steps() == 2);

  const auto mu = [](std::size_t t) { return 2 * static_cast<double>(t); };
  optim::SGD<double> growing({w.handle()}, {.momentum = mu});
  growing.step();
  CHECK_THROWS_WITH_AS(growing.step(), "SGD: expected a momentum in [0, 1] at step 1, got 2", ValueError);
}
