#include <autodiff/error.hpp>
#include <nn/initialization.hpp>
#include <nn/layers.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

using namespace xgrad;

namespace {

struct SampleMoments {
  double mean;
  double variance;
  double largest;
};

SampleMoments moments(const Array<double>& draws) {
  const double n = static_cast<double>(draws.size());
  const double mean = std::accumulate(draws.begin(), draws.end(), 0.0) / n;
  double variance = 0, largest = 0;
  for (const double each : draws) {
    variance += (each - mean) * (each - mean) / n;
    largest = std::max(largest, std::abs(each));
  }
  return {mean, variance, largest};
}

}  // namespace

TEST_CASE("the fans of weights {out, in} and {out, kH, kW, in}") {
  CHECK(nn::fans({10, 84}).in == 84);
  CHECK(nn::fans({10, 84}).out == 10);
  CHECK(nn::fans({16, 5, 3, 6}).in == 5 * 3 * 6);
  CHECK(nn::fans({16, 5, 3, 6}).out == 5 * 3 * 16);
  CHECK_THROWS_WITH_AS(nn::fans({10}),
                       "fans: expected weights {out, in} or {out, kH, kW, in}, got shape {10}", ShapeError);
  CHECK_THROWS_AS(nn::he_normal<float>({}), ShapeError);
}

TEST_CASE("the distributions have the variances and bounds of their papers") {
  const Shape shape{300, 3, 3, 20};  // fan_in 180, fan_out 2700
  Generator generator(1);
  // Within 5 standard deviations of the estimates, which are below 0.6 % of a variance for 54,000 draws.
  const auto check = [&](auto draw, double variance, double bound) {
    const SampleMoments found = moments(draw(shape, generator));
    CHECK(std::abs(found.mean) < 5 * std::sqrt(variance / 54000));
    CHECK(found.variance == doctest::Approx(variance).epsilon(0.03));
    CHECK(found.largest <= bound);
    CHECK(found.largest > 0.99 * std::min(bound, 3 * std::sqrt(variance)));
  };
  check(nn::glorot_uniform<double>, 2.0 / 2880, std::sqrt(6.0 / 2880));
  check(nn::glorot_normal<double>, 2.0 / 2880, 1.0);
  check(nn::he_uniform<double>, 2.0 / 180, std::sqrt(6.0 / 180));
  check(nn::he_normal<double>, 2.0 / 180, 1.0);
}

TEST_CASE("the same seed gives the same weights") {
  Generator first(7), second(7);
  CHECK(nn::he_normal<float>({4, 3}, first) == nn::he_normal<float>({4, 3}, second));
  CHECK(nn::he_normal<float>({4, 3}, first) == nn::he_normal<float>({4, 3}, second));

  seed(3);
  const nn::Linear<float> a(5, 4);
  const nn::Linear<float> b(5, 4);
  seed(3);
  const nn::Linear<float> c(5, 4);
  Generator own(3);
  const nn::Linear<float> d(5, 4, {}, own);
  CHECK(a.weight.value() == c.weight.value());
  CHECK(a.weight.value() == d.weight.value());
  CHECK(a.weight.value() != b.weight.value());
}

TEST_CASE("layers accept an initialization by name or as a function; biases start at zero") {
  Generator first(2), second(2);
  const nn::Linear<double> named(3, 2, {.initialization = nn::glorot_normal}, first);
  CHECK(named.weight.value() == nn::glorot_normal<double>({2, 3}, second));
  CHECK(named.bias.value() == full<double>({2}, 0));

  const float constant = 0.25F;
  const nn::Conv2d<float> conv(1, 2, 3, {.initialization = [&](const Shape& shape, Generator&) {
                                 return full<float>(shape, constant);
                               }});
  CHECK(conv.weight.value() == full<float>({2, 3, 3, 1}, 0.25F));

  CHECK_THROWS_WITH_AS(
      nn::Linear<float>(3, 2,
                        {.initialization = [](const Shape&, Generator&) { return full<float>({3}, 0); }}),
      "Linear: expected the initialization to return shape {2, 3}, got {3}", ShapeError);
}

TEST_CASE("by default, weights are initialized for ReLU") {
  Generator first(2), second(2);
  CHECK(nn::Linear<float>(3, 2, {}, first).weight.value() == nn::he_uniform<float>({2, 3}, second));
  CHECK(nn::Conv2d<float>(3, 2, {5, 1}, {}, first).weight.value() ==
        nn::he_uniform<float>({2, 5, 1, 3}, second));
}

TEST_CASE(
    "sparse_normal: each unit has the given number of weights from N(0, deviation^2), the others are 0") {
  Generator generator(1);
  const auto draw = nn::sparse_normal<double>(15, 2);
  const Array<double> w = draw({400, 100}, generator);
  double squares = 0;
  std::vector<int> used(100, 0);
  for (std::size_t u = 0; u < 400; ++u) {
    int count = 0;
    for (std::size_t i = 0; i < 100; ++i) {
      if (w(u, i) == 0) continue;
      ++count, ++used[i];
      squares += w(u, i) * w(u, i);
    }
    CHECK(count == 15);
  }
  CHECK(squares / 6000 == doctest::Approx(4).epsilon(0.1));
  for (const int each : used) CHECK(each > 25);                        // 60 expected
  CHECK(nn::sparse_normal<double>(15)({3, 4}, generator)(2, 3) != 0);  // all, since there are no more inputs
  CHECK(nn::sparse_normal<float>(2)({3, 2, 2, 5}, generator).size() == 60);
  const nn::Linear<float> layer(50, 4, {.initialization = nn::sparse_normal<float>(3)});
  CHECK(layer.weight.shape() == Shape{4, 50});
  CHECK_THROWS_WITH_AS(nn::sparse_normal<float>(0), "sparse_normal: expected at least 1 connection, got 0",
                       ValueError);
}
