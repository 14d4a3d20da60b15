#include <autodiff/error.hpp>
#include <autodiff/ops/softmax.hpp>
#include <autodiff/random.hpp>
#include <nn/metrics.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace xgrad;

TEST_CASE("arg_max over the last axis returns the first of equal scores") {
  const xt::xarray<float> p = {{0.1F, 0.7F, 0.2F}, {0.4F, 0.2F, 0.4F}, {0.0F, 0.0F, 1.0F}};
  CHECK(nn::arg_max(p) == xt::xarray<std::int64_t>{1, 0, 2});
  CHECK(nn::arg_max(Variable<float>(p)) == xt::xarray<std::int64_t>{1, 0, 2});
  CHECK(nn::arg_max(xt::xarray<double>{-3, -1, -2})() == 1);
  CHECK(nn::arg_max(Array<double>(Shape{2, 3, 4}, 0.0)).shape() == Shape{2, 3});
  CHECK(nn::arg_max(Array<double>(Shape{0, 4})).size() == 0);
}

TEST_CASE("arg_max takes a NaN as the largest score, as NumPy does") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(nn::arg_max(xt::xarray<double>{1, nan, 3, nan})() == 1);
}

TEST_CASE("arg_max needs at least one class") {
  CHECK_THROWS_WITH_AS(nn::arg_max(Array<double>(Shape{3, 0})),
                       "arg_max: expected outputs {..., K} with at least one class, got shape {3, 0}",
                       ShapeError);
  CHECK_THROWS_AS(nn::arg_max(Array<double>(Shape{})), ShapeError);
}

TEST_CASE("the zero-one risk is the fraction of wrong decisions") {
  const xt::xarray<double> p = {{0.6, 0.4}, {0.3, 0.7}, {0.9, 0.1}, {0.5, 0.5}};
  CHECK(nn::zero_one_loss(p, xt::xarray<int>{0, 1, 0, 0}) == 0.0);
  CHECK(nn::zero_one_loss(p, xt::xarray<std::uint8_t>{0, 1, 1, 1}) == 0.5);
  CHECK(nn::zero_one_loss(Variable<double>(p), xt::xarray<std::int64_t>{1, 0, 1, 1}) == 1.0);
  CHECK(nn::accuracy(p, xt::xarray<short>{0, 1, 1, 0}) == 0.75);
}

TEST_CASE("zero_one_loss: errors") {
  const xt::xarray<double> p = {{0.6, 0.4}, {0.3, 0.7}};
  CHECK_THROWS_WITH_AS(nn::zero_one_loss(p, xt::xarray<int>{0, 1, 0}),
                       "zero_one_loss: expected labels of shape {2}, got {3}", ShapeError);
  CHECK_THROWS_WITH_AS(nn::zero_one_loss(p, xt::xarray<int>{0, 2}),
                       "zero_one_loss: label 2 at index 1 is not a class in [0, 2)", ValueError);
  CHECK_THROWS_AS(nn::zero_one_loss(p, xt::xarray<int>{-1, 0}), ValueError);
  CHECK_THROWS_WITH_AS(nn::zero_one_loss(Array<double>(Shape{0, 2}), Array<int>(Shape{0})),
                       "zero_one_loss: expected at least one label, got an empty batch", ShapeError);
}

TEST_CASE("the confusion matrix counts labels in rows, predictions in columns") {
  const xt::xarray<int> labels = {0, 0, 1, 2, 2, 2};
  const xt::xarray<std::int64_t> predictions = {0, 1, 1, 2, 0, 2};
  CHECK(nn::confusion_matrix(labels, predictions, 3) ==
        xt::xarray<std::int64_t>{{1, 1, 0}, {0, 1, 0}, {1, 0, 2}});
  CHECK(nn::confusion_matrix(labels, predictions, 4).shape() == Shape{4, 4});
  CHECK_THROWS_WITH_AS(nn::confusion_matrix(labels, predictions, 2),
                       "confusion_matrix: label 2 at index 3 is not a class in [0, 2)", ValueError);
  CHECK_THROWS_AS(nn::confusion_matrix(labels, xt::xarray<int>{0, 1}, 3), ShapeError);
}

TEST_CASE("decision regions are convex, share their boundaries and agree with arg_max") {
  const xt::xarray<double> p{{0.5, 0.3, 0.2}, {0.4, 0.4, 0.2}, {0.1, 0.2, 0.7}};
  CHECK(nn::in_decision_region(p, 0) == xt::xarray<bool>{true, true, false});
  CHECK(nn::in_decision_region(p, 1) == xt::xarray<bool>{false, true, false});
  CHECK(nn::in_decision_region(p, 2) == xt::xarray<bool>{false, false, true});
  const double third = 1.0 / 3;  // the unit point 1 / e lies in all
  for (std::size_t c = 0; c < 3; ++c)
    CHECK(nn::in_decision_region(xt::xarray<double>{third, third, third}, c)());
  Generator generator(1);
  const Variable<double> points =
      softmax(Variable<double>(random_normal<double>({300, 3}, 0, 2, generator)), -1);
  const Array<double>& s = points.value();
  const auto classes = nn::arg_max(s);
  for (std::size_t c = 0; c < 3; ++c) {
    const Array<bool> in = nn::in_decision_region(s, c);
    for (std::size_t n = 0; n < 300; ++n) CHECK(in(n) == (classes(n) == static_cast<std::int64_t>(c)));
    for (std::size_t n = 1; n < 300; ++n) {  // with two points, all points between them
      if (!in(n) || !in(n - 1)) continue;
      const xt::xarray<double> between = 0.3 * xt::view(s, n) + 0.7 * xt::view(s, n - 1);
      CHECK(nn::in_decision_region(between, c)());
    }
  }
  for (std::size_t n = 0; n < 300; ++n) {  // soft-max lands on the simplex
    CHECK(s(n, 0) + s(n, 1) + s(n, 2) == doctest::Approx(1).epsilon(1e-15));
    CHECK(s(n, 0) >= 0);
  }
  CHECK_FALSE(nn::in_decision_region(xt::xarray<double>{0.5, std::nan("")}, 0)());
  CHECK_THROWS_WITH_AS(nn::in_decision_region(p, 3), "in_decision_region: class 3 is not in [0, 3)",
                       ValueError);
}
