#include <autodiff/error.hpp>
#include <nn/metrics.hpp>

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace xgrad;

TEST_CASE("arg max over the last axis, the first of equals") {
  const xt::xarray<float> p = {{0.1F, 0.7F, 0.2F}, {0.4F, 0.2F, 0.4F}, {0.0F, 0.0F, 1.0F}};
  CHECK(nn::arg_max(p) == xt::xarray<std::int64_t>{1, 0, 2});
  CHECK(nn::arg_max(Variable<float>(p)) == xt::xarray<std::int64_t>{1, 0, 2});
  CHECK(nn::arg_max(xt::xarray<double>{-3, -1, -2})() == 1);
  CHECK(nn::arg_max(Array<double>(Shape{2, 3, 4}, 0.0)).shape() == Shape{2, 3});
  CHECK(nn::arg_max(Array<double>(Shape{0, 4})).size() == 0);
}

TEST_CASE("a NaN is the largest, as NumPy has it") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(nn::arg_max(xt::xarray<double>{1, nan, 3, nan})() == 1);
}

TEST_CASE("arg max wants a class") {
  CHECK_THROWS_WITH_AS(nn::arg_max(Array<double>(Shape{3, 0})),
                       "arg_max: outputs of shape {3, 0} came; expected {..., K} with at least one class",
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

TEST_CASE("labels that do not fit") {
  const xt::xarray<double> p = {{0.6, 0.4}, {0.3, 0.7}};
  CHECK_THROWS_WITH_AS(nn::zero_one_loss(p, xt::xarray<int>{0, 1, 0}),
                       "zero_one_loss: labels of shape {3} came; expected {2}", ShapeError);
  CHECK_THROWS_WITH_AS(nn::zero_one_loss(p, xt::xarray<int>{0, 2}),
                       "zero_one_loss: label 2 at index 1 is not a class in [0, 2)", ValueError);
  CHECK_THROWS_AS(nn::zero_one_loss(p, xt::xarray<int>{-1, 0}), ValueError);
  CHECK_THROWS_WITH_AS(nn::zero_one_loss(Array<double>(Shape{0, 2}), Array<int>(Shape{0})),
                       "zero_one_loss: the batch is empty", ShapeError);
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
