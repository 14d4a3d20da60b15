#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace xgrad;

namespace {

/// Compares Algorithm 1 with the gradient of one mini-batch.
template <class Net, class D, class Loss>
void against_tape(Net& net, const D& data, const Loss& loss) {
  const auto algorithm1 = nn::backprop(net, data, loss);
  std::vector<std::size_t> all(data.size());
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
  const auto batch = data.batch(all);
  Tape tape;
  tape.backward(loss(net(Variable<double>(batch.inputs)), batch.targets));
  const auto parameters = nn::parameters(net);
  REQUIRE(algorithm1.size() == parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    CAPTURE(parameters[i].name);
    CHECK(algorithm1[i].name == parameters[i].name);
    const Array<double>& expected = parameters[i].parameter.grad();
    double largest = 0, difference = 0;
    for (std::size_t k = 0; k < expected.size(); ++k) {
      largest = std::max(largest, std::abs(expected.data()[k]));
      difference = std::max(difference, std::abs(expected.data()[k] - algorithm1[i].gradient.data()[k]));
    }
    CHECK(largest > 0);
    CHECK(difference <= 1e-13 * largest + 1e-15);
  }
}

nn::ArrayDataset<double, int> images() {
  return {random_normal<double>({7, 8, 8, 1}), xt::xarray<int>{0, 1, 2, 2, 1, 0, 1}};
}

struct Plain {
  nn::Linear<double> fc1{3, 4}, fc2{4, 2};
  Variable<double> operator()(const Variable<double>& x) const { return fc2(sigmoid(fc1(x))); }
};

}  // namespace

TEST_CASE("Algorithm 1 equals the mini-batch gradient: convolutions, pooling, soft-max, cross entropy") {
  seed(1);
  nn::Sequential net{nn::Conv2d<double>(1, 3, 3), nn::ReLU{}, nn::MaxPool2d{2},         nn::Flatten{},
                     nn::Linear<double>(27, 5),   nn::ReLU{}, nn::Linear<double>(5, 3), nn::Softmax{}};
  against_tape(net, images(),
               [](const auto& p, const auto& y) { return nn::cross_entropy_on_probabilities(p, y); });
}

TEST_CASE("Algorithm 1 for other losses, other networks and weights used twice") {
  seed(2);
  nn::Sequential net{nn::Flatten{}, nn::Linear<double>(64, 4), nn::Residual{nn::Linear<double>(4, 4)},
                     nn::Linear<double>(4, 3)};
  against_tape(net, images(), nn::DefaultLoss{});
  Plain plain;
  const nn::ArrayDataset numbers(random_normal<double>({5, 3}), random_normal<double>({5, 2}));
  against_tape(plain, numbers, [](const auto& y, const auto& t) { return nn::quadratic_loss(y, t); });
}

TEST_CASE("Algorithm 1 for one sample, for no samples, and for layers without weights") {
  nn::Sequential net{nn::Linear<double>(2, 2), nn::ReLU{}};
  const nn::ArrayDataset one(xt::xarray<double>{{1, 2}}, xt::xarray<int>{1});
  CHECK(nn::backprop(net, one).size() == 2);
  const nn::ArrayDataset none(Array<double>(Shape{0, 2}), Array<int>(Shape{0}));
  CHECK_THROWS_WITH_AS(nn::backprop(net, none), "backprop: expected at least one sample, got an empty set",
                       ValueError);
}

// ---- Closed forms of the appendix ----

namespace {

/// A layer x = f(W x + b).
template <class F>
struct PointLayer {
  nn::Linear<double> linear{3, 4};
  F function;
  Variable<double> operator()(const Variable<double>& x) const { return function(linear(x)); }
  auto fields() { return nn::fields("linear", linear); }
};

template <class F>
PointLayer(nn::Linear<double>, F) -> PointLayer<F>;

/// d x_i / d W_qj = delta_iq f'(a_i) x_j, with respect to the bias (x~ = 1) delta_iq f'(a_i), and
/// d x_i / d x_j = f'(a_i) W_ij.
template <class F, class Derivative>
void check_point_function(const F& function, const Derivative& derivative) {
  PointLayer layer{nn::Linear<double>(3, 4), function};
  const Array<double> x = random_normal<double>({3});
  const auto jacobians = nn::layer_jacobians(layer, x);
  const Array<double>& w = layer.linear.weight.value();
  const Array<double>& a = layer.linear(Variable<double>(x)).value();
  REQUIRE(jacobians.by_input.shape() == Shape{4, 3});
  REQUIRE(jacobians.by_weights[0].gradient.shape() == Shape{4, 12});
  for (std::size_t i = 0; i < 4; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      CHECK(jacobians.by_input(i, j) == doctest::Approx(derivative(a(i)) * w(i, j)).epsilon(1e-12));
    }
    for (std::size_t q = 0; q < 4; ++q) {
      const double delta = i == q ? 1 : 0;
      for (std::size_t j = 0; j < 3; ++j) {
        CHECK(jacobians.by_weights[0].gradient(i, 3 * q + j) ==
              doctest::Approx(delta * derivative(a(i)) * x(j)).epsilon(1e-12));
      }
      CHECK(jacobians.by_weights[1].gradient(i, q) ==
            doctest::Approx(delta * derivative(a(i))).epsilon(1e-12));
    }
  }
}

}  // namespace

TEST_CASE("Jacobians of point functions, including ReLU") {
  seed(3);
  check_point_function([](const auto& a) { return tanh(a); },
                       [](double a) { return 1 - std::tanh(a) * std::tanh(a); });
  check_point_function([](const auto& a) { return sigmoid(a); },
                       [](double a) { return std::exp(-a) / std::pow(1 + std::exp(-a), 2); });
  check_point_function([](const auto& a) { return softplus(a); },
                       [](double a) { return 1 / (1 + std::exp(-a)); });
  check_point_function([](const auto& a) { return relu(a); }, [](double a) { return a >= 0 ? 1.0 : 0.0; });
}

TEST_CASE("ReLU's derivative is 1 at 0") {
  nn::Sequential layer{nn::Linear<double>(1, 1), nn::ReLU{}};
  std::get<0>(layer.layers).weight.handle().set_value(full<double>({1, 1}, 2.0));
  const auto at_zero = nn::layer_jacobians(layer, xt::xarray<double>{0.0});
  CHECK(at_zero.by_input(0, 0) == 2);
  CHECK(at_zero.by_weights[1].gradient(0, 0) == 1);
}

TEST_CASE(
    "ReLU followed by max-pooling: the row of the largest activation of each window, ties to the first") {
  // Activations on a grid of 2 x 4, windows of 2 x 2: P(0) = {0, 1, 4, 5}, P(1) = {2, 3, 6, 7}.
  nn::Sequential layer{nn::Linear<double>(3, 8), nn::ReLU{}};
  const std::vector<std::ptrdiff_t> grid{1, 2, 4, 1}, row{2};
  const auto pooled = [&](const Variable<double>& x) {
    return reshape(max_pool2d(reshape(layer(x), grid), 2), row);
  };
  struct Pooling {
    decltype(layer)& inner;
    decltype(pooled)& function;
    Variable<double> operator()(const Variable<double>& x) const { return function(x); }
    auto fields() { return nn::fields("inner", inner); }
  } pooling{layer, pooled};
  auto& linear = std::get<0>(layer.layers);
  const std::size_t windows[2][4] = {{0, 1, 4, 5}, {2, 3, 6, 7}};
  for (const bool tie : {false, true}) {
    for (std::uint64_t number = 0; number < 6; ++number) {
      Generator generator(number);
      Array<double> w = random_normal<double>({8, 3}, 0, 1, generator);
      const Array<double> x = random_normal<double>({3}, 0, 1, generator);
      for (std::size_t j = 0; tie && j < 3; ++j) w(5, j) = w(1, j), w(7, j) = w(2, j);
      linear.weight.handle().set_value(w);
      const auto jacobians = nn::layer_jacobians(pooling, x);
      const Array<double>& a = linear(Variable<double>(x)).value();
      for (std::size_t i = 0; i < 2; ++i) {
        std::size_t largest = windows[i][0];  // the first of the largest max(a, 0)
        for (const std::size_t q : windows[i]) {
          if (std::max(a(q), 0.0) > std::max(a(largest), 0.0)) largest = q;
        }
        const double slope = a(largest) >= 0 ? 1 : 0;
        for (std::size_t j = 0; j < 3; ++j) {
          CHECK(jacobians.by_input(i, j) == doctest::Approx(slope * w(largest, j)));
          for (std::size_t q = 0; q < 8; ++q) {
            CHECK(jacobians.by_weights[0].gradient(i, 3 * q + j) ==
                  doctest::Approx(q == largest ? slope * x(j) : 0));
          }
        }
      }
    }
  }
}
