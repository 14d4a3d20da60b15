#include "../../support/check_function.hpp"

using namespace xgrad;
using check::inf;
using check::is;
using check::missing;

TEST_CASE("sigmoid, relu and similar activations against formulas") {
  check::function(
      "sigmoid", {"", "torch.sigmoid", "jax.nn.sigmoid"}, [](const auto& x) { return sigmoid(x); },
      [](double x) { return 1 / (1 + std::exp(-x)); });
  check::function(
      "relu", {"", "torch.relu", "jax.nn.relu"}, [](const auto& x) { return relu(x); },
      [](double x) { return std::max(x, 0.0); });
  check::function(
      "leaky_relu", {"", "F.leaky_relu", "jax.nn.leaky_relu"},
      [](const auto& x) { return leaky_relu(x, 0.2); }, [](double x) { return x < 0 ? 0.2 * x : x; });
  check::function(
      "hardtanh", {"", "F.hardtanh", "jax.nn.hard_tanh"}, [](const auto& x) { return hardtanh(x); },
      [](double x) { return std::clamp(x, -1.0, 1.0); });
  check::function(
      "softplus", {"", "F.softplus", "jax.nn.softplus"}, [](const auto& x) { return softplus(x); },
      [](double x) { return std::log(1 + std::exp(x)); });
}

TEST_CASE("smooth activations against formulas") {
  check::function(
      "silu", {"", "F.silu", "jax.nn.silu"}, [](const auto& x) { return silu(x); },
      [](double x) { return x / (1 + std::exp(-x)); });
  check::function(
      "gelu", {"", "F.gelu", "jax.nn.gelu"}, [](const auto& x) { return gelu(x); },
      [](double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0))); });
  check::function(
      "gelu", {"", "F.gelu", "jax.nn.gelu"}, [](const auto& x) { return gelu(x, {.approximate = true}); },
      [](double x) {
        return x / 2 * (1 + std::tanh(std::sqrt(2 / std::acos(-1.0)) * (x + 0.044715 * x * x * x)));
      });
  check::function(
      "elu", {"", "F.elu", "jax.nn.elu"}, [](const auto& x) { return elu(x, 0.7); },
      [](double x) { return x < 0 ? 0.7 * std::expm1(x) : x; });
  check::function(
      "selu", {"", "F.selu", "jax.nn.selu"}, [](const auto& x) { return selu(x); },
      [](double x) {
        return 1.0507009873554804934193349852946 *
               (x < 0 ? 1.6732632423543772848170429916717 * std::expm1(x) : x);
      });
}

TEST_CASE("values at the edges") {
  const Variable<double> x = xt::xarray<double>{0, inf, missing, 1000, -1000};
  CHECK(is(sigmoid(x), {0.5, 1, missing, 1, 0}));
  CHECK(is(relu(x), {0, inf, missing, 1000, 0}));
  CHECK(is(leaky_relu(x), {0, inf, missing, 1000, -10}));
  CHECK(is(hardtanh(x, -2, 3), {0, 3, missing, 3, -2}));
  CHECK(is(softplus(x), {std::log(2), inf, missing, 1000, 0}));
  CHECK(is(silu(x), {0, inf, missing, 1000, 0}));
  CHECK(is(gelu(x), {0, inf, missing, 1000, 0}));
  CHECK(is(elu(x), {0, inf, missing, 1000, -1}));
  CHECK(is(selu(x) / 1.0507009873554805, {0, inf, missing, 1000, -1.6732632423543772}));
  const Variable<double> far(-700.0);
  CHECK(sigmoid(far).item() == doctest::Approx(std::exp(-700.0)));  // does not underflow
  CHECK(softplus(far).item() == doctest::Approx(std::exp(-700.0)));
  CHECK(gelu(Variable<double>(-10.0)).item() == doctest::Approx(-5 * std::erfc(10 / std::sqrt(2.0))));
}

TEST_CASE("first and second derivatives at the edges") {
  const Variable<double> x = xt::xarray<double>{0, -1e-300, 1000, -1000, 1};
  CHECK(is(check::slope([](const auto& v) { return sigmoid(v); }, x).value()(2), 0));
  CHECK(is(check::slope([](const auto& v) { return relu(v); }, x), {1, 0, 1, 0, 1}));
  CHECK(is(check::slope([](const auto& v) { return leaky_relu(v); }, x), {1, 0.01, 1, 0.01, 1}));
  CHECK(is(check::slope([](const auto& v) { return hardtanh(v); }, x), {1, 1, 0, 0, 1}));
  CHECK(is(check::slope([](const auto& v) { return softplus(v); }, x).value()(2), 1));
  CHECK(is(check::slope([](const auto& v) { return elu(v, 2); }, x), {1, 2, 1, 0, 1}));
  const auto twice = [&](const auto& f) {
    Tape outer;
    Tape tape;
    return outer.gradient(sum(tape.gradient(sum(f(x)), x)), x);
  };
  CHECK(is(twice([](const auto& v) { return elu(v, 2); }).value()(2), 0));  // no NaN from exp(1000)
  CHECK(is(twice([](const auto& v) { return selu(v); }).value()(3), 0));
  CHECK(is(twice([](const auto& v) { return softplus(v); }).value()(0), 0.25));
  CHECK(is(twice([](const auto& v) { return relu(v); }), {0, 0, 0, 0, 0}));
  CHECK(is(twice([](const auto& v) { return leaky_relu(v); }), {0, 0, 0, 0, 0}));
}

TEST_CASE("relu in place") {
  const Variable<double> x = xt::xarray<double>{-1, 2};
  Tape tape;
  const auto y = relu(2 * x);
  CHECK(is(y, {0, 4}));
  CHECK(is(tape.gradient(sum(y), x), {0, 2}));
  CHECK(is(x, {-1, 2}));
}

TEST_CASE("third derivatives") {
  const auto third = [](auto f, double x) { return grad(grad(grad(f)))(Variable<double>(x)).item(); };
  CHECK(third([](const Variable<double>& x) { return sigmoid(x); }, 0) == doctest::Approx(-0.125));
  CHECK(third([](const Variable<double>& x) { return silu(x); }, 0) == doctest::Approx(0));
  CHECK(third([](const Variable<double>& x) { return elu(x); }, -1) == doctest::Approx(std::exp(-1.0)));
}

TEST_CASE("float precision over the range") {
  check::float_precision([](const auto& x) { return softplus(x); },
                         [](double x) { return std::log1p(std::exp(x)); }, -20, 20);
  // The rounding error of erfc's argument is amplified in its tail.
  check::float_precision([](const auto& x) { return gelu(x); },
                         [](double x) { return x / 2 * std::erfc(-x / std::sqrt(2.0)); }, -5, 5, 60);
}
