#include <autodiff/error.hpp>
#include <nn/data/augmentation.hpp>

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace xgrad;

namespace {

/// Images with entries 1, 2, 3, ...
template <class T>
Array<T> counted(const Shape& shape) {
  Array<T> x(shape);
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<T>(i + 1);
  return x;
}

template <class T>
Array<T> applied(const nn::Transform& transform, Array<T> images, std::uint64_t seed = 1) {
  Generator generator(seed);
  transform(images, generator);
  return images;
}

}  // namespace

TEST_CASE_TEMPLATE("normalize each channel or all channels", T, float, double) {
  const auto one = applied(nn::normalize({2}, {4}), counted<T>({1, 1, 2, 1}));
  CHECK(one(0, 0, 0, 0) == T(-0.25));
  CHECK(one(0, 0, 1, 0) == 0);
  const auto two = applied(nn::normalize({1, 4}, {1, 2}), counted<T>({1, 1, 2, 2}));
  CHECK(two(0, 0, 1, 0) == 2);
  CHECK(two(0, 0, 1, 1) == 0);
}

TEST_CASE("random_shift moves images by all distances and fills pixels from outside") {
  const auto x = counted<float>({2000, 3, 3, 2});
  const auto y = applied(nn::random_shift(1, -1), x);
  REQUIRE(y.shape() == x.shape());
  std::map<std::pair<int, int>, int> counts;
  for (std::size_t n = 0; n < 2000; ++n) {
    bool found = false;
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        bool same = true;
        for (int r = 0; r < 3; ++r) {
          for (int c = 0; c < 3; ++c) {
            for (int k = 0; k < 2; ++k) {
              const bool inside = r + dy >= 0 && r + dy < 3 && c + dx >= 0 && c + dx < 3;
              same = same && y(n, r, c, k) == (inside ? x(n, r + dy, c + dx, k) : -1);
            }
          }
        }
        if (same) ++counts[{dy, dx}];
        found = found || same;
      }
    }
    CHECK(found);
  }
  CHECK(counts.size() == 9);
  for (const auto& each : counts) CHECK(each.second > 150);  // 222 expected, deviation 14
}

TEST_CASE("random_crop cuts windows of the given size") {
  const auto y = applied(nn::random_crop({2, 1}), counted<double>({500, 3, 2, 1}));
  REQUIRE(y.shape() == Shape{500, 2, 1, 1});
  std::set<double> corners;
  for (std::size_t n = 0; n < 500; ++n) {
    CHECK(y(n, 1, 0, 0) == y(n, 0, 0, 0) + 2);
    corners.insert(y(n, 0, 0, 0) - 6 * static_cast<double>(n));
  }
  CHECK(corners == std::set<double>{1, 2, 3, 4});
  CHECK(applied(nn::random_crop(5, 1), counted<double>({1, 3, 3, 1}))(0, 0, 0, 0) ==
        0);  // all entries are padding
  CHECK_THROWS_WITH_AS(
      applied(nn::random_crop(5), counted<double>({1, 3, 3, 1})),
      "random_crop: a window of 5 x 5 does not fit into images of shape {1, 3, 3, 1} with padding 0 x 0",
      ShapeError);
  CHECK_THROWS_WITH_AS(nn::random_crop(0),
                       "random_crop: expected a window of at least 1 x 1, got an empty one", ValueError);
}

TEST_CASE("random_flip mirrors columns and keeps channels together") {
  const auto x = counted<float>({1, 2, 3, 2});
  const auto y = applied(nn::random_flip(1), x);
  for (std::size_t r = 0; r < 2; ++r) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t k = 0; k < 2; ++k) CHECK(y(0, r, c, k) == x(0, r, 2 - c, k));
    }
  }
  CHECK(applied(nn::random_flip(0), x) == x);
  const auto many = counted<float>({4000, 1, 2, 1});
  const auto half = applied(nn::random_flip(0.25), many);
  int flipped = 0;
  for (std::size_t n = 0; n < 4000; ++n) flipped += half(n, 0, 0, 0) != many(n, 0, 0, 0);
  CHECK(flipped > 880);
  CHECK(flipped < 1120);
  CHECK_THROWS_WITH_AS(nn::random_flip(2), "random_flip: expected a probability in [0, 1], got 2",
                       ValueError);
}

TEST_CASE("random_erasing sets a square, cut at the border") {
  const auto y = applied(nn::random_erasing(2, -1), counted<float>({300, 3, 3, 1}));
  std::set<int> sizes;
  for (std::size_t n = 0; n < 300; ++n) {
    int erased = 0;
    for (std::size_t i = 0; i < 9; ++i) erased += y.data()[n * 9 + i] == -1;
    sizes.insert(erased);
  }
  CHECK(sizes == std::set<int>{1, 2, 4});
}

TEST_CASE("transforms are applied in order and determined by the seed") {
  const nn::Transform both{nn::normalize({0}, {0.5}), nn::normalize({1}, {1})};
  CHECK(applied(both, counted<float>({1, 1, 1, 1}))(0, 0, 0, 0) == 1);
  const nn::Transform random{nn::random_shift(1), nn::random_flip()};
  const auto x = counted<float>({20, 4, 4, 1});
  CHECK(applied(random, x, 1) == applied(random, x, 1));
  CHECK(applied(random, x, 1) != applied(random, x, 2));
  CHECK_FALSE(nn::Transform());
  CHECK(applied(nn::Transform(), x) == x);
  CHECK(applied(random, counted<float>({0, 4, 4, 1})).shape() == Shape{0, 4, 4, 1});
}

TEST_CASE("transforms: errors") {
  const nn::Transform single = [](Array<float>&, Generator&) {};
  CHECK_THROWS_WITH_AS(applied(single, counted<double>({1})),
                       "Transform: the function does not take images in double", ValueError);
  CHECK_THROWS_WITH_AS(applied(nn::random_flip(), counted<float>({2, 3})),
                       "random_flip: expected images {N, H, W, C}, got shape {2, 3}", ShapeError);
  CHECK_THROWS_WITH_AS(applied(nn::normalize({1, 2}, {1, 1}), counted<float>({1, 1, 1, 3})),
                       "normalize: expected images of 2 channels, got shape {1, 1, 1, 3}", ShapeError);
  CHECK_THROWS_WITH_AS(nn::normalize({1}, {0}), "normalize: expected a deviation > 0, got 0", ValueError);
  CHECK_THROWS_WITH_AS(nn::normalize({1, 2}, {1}),
                       "normalize: expected as many means as deviations, at least one, got 2 and 1",
                       ValueError);
}
