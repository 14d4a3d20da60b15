#include <nn/layers.hpp>
#include <optim/optim.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace xgrad;

namespace {

template <class T>
Parameter<T> weights(const Shape& shape, std::initializer_list<double> values) {
  Array<T> array(shape);
  std::transform(values.begin(), values.end(), array.begin(), [](double x) { return static_cast<T>(x); });
  return Parameter<T>(std::move(array));
}

}  // namespace

TEST_CASE_TEMPLATE("units above the limit are scaled to it, others are unchanged", T, float, double) {
  const auto w = weights<T>({3, 2}, {3, 4, 0.6, 0.8, -30, 40});
  const auto version = w.handle().version();
  optim::constrain_max_norm(w.handle(), 1);
  CHECK(w.value()(0, 0) == doctest::Approx(0.6));
  CHECK(w.value()(0, 1) == doctest::Approx(0.8));
  CHECK(w.value()(1, 0) == T(0.6));  // its norm is 1 up to rounding, so it may be rescaled
  CHECK(w.value()(2, 0) == doctest::Approx(-0.6));
  CHECK(w.value()(2, 1) == doctest::Approx(0.8));
  CHECK(w.handle().version() > version);
}

TEST_CASE("the incoming weights of a convolutional unit are its kernel") {
  const auto w = weights<double>({2, 1, 2, 2}, {1, 1, 1, 1, 2, 2, 2, 2});
  optim::constrain_max_norm(w.handle(), 2);
  CHECK(w.value()(0, 0, 0, 0) == 1);
  CHECK(w.value()(1, 0, 1, 1) == 1);
}

TEST_CASE("biases, units within the limit and NaN are unchanged and not marked as modified") {
  const auto bias = weights<double>({2}, {30, 40});
  optim::constrain_max_norm(bias.handle(), 1);
  CHECK(bias.value()(0) == 30);
  const auto small = weights<double>({1, 2}, {3, 4});
  const auto version = small.handle().version();
  optim::constrain_max_norm(small.handle(), 5);
  CHECK(small.handle().version() == version);
  const auto nan = weights<double>({1, 2}, {std::numeric_limits<double>::quiet_NaN(), 4});
  optim::constrain_max_norm(nan.handle(), 1);
  CHECK(nan.value()(0, 1) == 4);
  CHECK_THROWS_WITH_AS(optim::constrain_max_norm(small.handle(), 0),
                       "constrain_max_norm: expected max_norm > 0, got 0", ValueError);
}

TEST_CASE("large float weights do not overflow in intermediate results") {
  const auto w = weights<float>({1, 2}, {3e30, 4e30});
  optim::constrain_max_norm(w.handle(), 5);
  CHECK(w.value()(0, 0) == doctest::Approx(3));
  CHECK(w.value()(0, 1) == doctest::Approx(4));
}

TEST_CASE("an optimiser applies the constraint after its step; it also applies to whole models") {
  nn::Linear<double> layer(2, 2);
  optim::SGD<double> sgd(nn::parameters(layer), {.learning_rate = 10, .max_norm = 0.5});
  layer.weight.handle().set_grad(full<double>({2, 2}, -1.0));
  layer.bias.handle().set_grad(full<double>({2}, -1.0));
  sgd.step();
  for (std::size_t u = 0; u < 2; ++u) {
    const auto& w = layer.weight.value();
    CHECK(std::hypot(w(u, 0), w(u, 1)) == doctest::Approx(0.5).epsilon(1e-14));
  }
  CHECK(layer.bias.value()(0) == 10);
  optim::constrain_max_norm(nn::parameters(layer), 0.25);
  CHECK(std::hypot(layer.weight.value()(0, 0), layer.weight.value()(0, 1)) == doctest::Approx(0.25));
}
