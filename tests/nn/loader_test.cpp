#include <autodiff/error.hpp>
#include <nn/loader.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

using namespace xgrad;

namespace {

/// Sample n is an image of 2 x 1 x 1 with entries n and n + 1/2.
xt::xarray<float> images(std::size_t count) {
  xt::xarray<float> result = xt::xarray<float>::from_shape({count, 2, 1, 1});
  for (std::size_t n = 0; n < count; ++n) {
    result(n, 0, 0, 0) = static_cast<float>(n);
    result(n, 1, 0, 0) = static_cast<float>(n) + 0.5F;
  }
  return result;
}

xt::xarray<std::uint8_t> labels(std::size_t count) {
  return xt::arange<std::uint8_t>(static_cast<std::uint8_t>(count));
}

/// The order of an epoch; checks that images and labels stay together.
template <class Loader>
std::vector<int> epoch(Loader& loader) {
  std::vector<int> order;
  for (auto [x, y] : loader) {
    REQUIRE(x.shape()[0] == y.shape()[0]);
    for (std::size_t i = 0; i < y.size(); ++i) {
      CHECK(x(i, 0, 0, 0) == float(y(i)));
      CHECK(x(i, 1, 0, 0) == float(y(i)) + 0.5F);
      order.push_back(y(i));
    }
  }
  return order;
}

}  // namespace

TEST_CASE("an epoch has every sample once, in batches, the last one smaller") {
  nn::DataLoader loader(images(10), labels(10), {.batch = 4});
  CHECK(loader.batches() == 3);
  CHECK(loader.samples() == 10);
  const auto order = epoch(loader);
  CHECK(order.size() == 10);
  CHECK(std::set<int>(order.begin(), order.end()).size() == 10);
  std::vector<std::size_t> sizes;
  for (auto [x, y] : loader) sizes.push_back(y.size());
  CHECK(sizes == std::vector<std::size_t>{4, 4, 2});
}

TEST_CASE("the last, partial batch can be dropped") {
  nn::DataLoader loader(images(10), labels(10), {.batch = 4, .drop_last = true});
  CHECK(loader.batches() == 2);
  CHECK(epoch(loader).size() == 8);
  nn::DataLoader none(images(3), labels(3), {.batch = 4, .drop_last = true});
  CHECK(epoch(none).empty());
}

TEST_CASE("orders: the seed's, another one each epoch, or the data's own") {
  nn::DataLoader a(images(50), labels(50), {.seed = 1});
  nn::DataLoader b(images(50), labels(50), {.seed = 1});
  nn::DataLoader c(images(50), labels(50), {.seed = 2});
  const auto first = epoch(a);
  const auto second = epoch(a);
  CHECK(first != second);
  CHECK(epoch(b) == first);
  CHECK(epoch(b) == second);
  CHECK(epoch(c) != first);
  nn::DataLoader plain(images(50), labels(50), {.batch = 7, .shuffle = false});
  const auto order = epoch(plain);
  CHECK(std::is_sorted(order.begin(), order.end()));
}

TEST_CASE("one sample a batch: online learning") {
  nn::DataLoader loader(images(5), labels(5), {.batch = 1});
  CHECK(loader.batches() == 5);
  CHECK(epoch(loader).size() == 5);
}

TEST_CASE("types are kept, and targets may be numbers") {
  nn::DataLoader loader(xt::xarray<double>{{1, 2}, {3, 4}}, xt::xarray<double>{5, 6}, {.shuffle = false});
  auto [x, y] = *loader.begin();
  CHECK(x == xt::xarray<double>{{1, 2}, {3, 4}});
  CHECK(y == xt::xarray<double>{5, 6});
  nn::DataLoader wide(images(2), xt::xarray<std::int64_t>{1, 2});
  CHECK(std::is_same_v<decltype((*wide.begin()).labels), Array<std::int64_t>>);
}

TEST_CASE("an Array that is moved in is not copied, one that is not stays") {
  Array<float> x = to_array<float>(images(4));
  Array<std::uint8_t> y = to_array<std::uint8_t>(labels(4));
  nn::DataLoader kept(x, y);
  CHECK(x.shape() == Shape{4, 2, 1, 1});
  CHECK(epoch(kept).size() == 4);
  nn::DataLoader moved(std::move(x), std::move(y), {.shuffle = false});
  CHECK(x.size() != 8);
  CHECK(epoch(moved) == std::vector<int>{0, 1, 2, 3});
}

TEST_CASE("no samples, no batches") {
  nn::DataLoader loader(images(0), labels(0));
  CHECK(loader.batches() == 0);
  CHECK(epoch(loader).empty());
}

TEST_CASE("what does not fit") {
  CHECK_THROWS_WITH_AS(
      (nn::DataLoader(images(3), labels(4))),
      "DataLoader: images {3, 2, 1, 1} and labels {4}; expected first extents that are equal", ShapeError);
  CHECK_THROWS_WITH_AS((nn::DataLoader(images(3), labels(3), {.batch = 0})),
                       "DataLoader: batch is 0; expected at least 1 sample", ValueError);
}

TEST_CASE("take_samples holds some out") {
  const auto last = nn::take_samples(images(10), 7, 10);
  CHECK(last.shape() == Shape{3, 2, 1, 1});
  CHECK(last(0, 0, 0, 0) == 7);
  CHECK(nn::take_samples(images(10), 4, 4).shape()[0] == 0);
  CHECK_THROWS_WITH_AS(nn::take_samples(images(10), 7, 11),
                       "take_samples: samples 7 to 11 of an array of shape {10, 2, 1, 1}", ShapeError);
}
