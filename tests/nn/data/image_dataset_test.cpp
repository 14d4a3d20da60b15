#include <autodiff/error.hpp>
#include <nn/data/data.hpp>
#include <nn/nn.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <vector>

using namespace xgrad;

namespace {

/// Images of arbitrary bytes.
Array<std::uint8_t> bytes(const Shape& shape) {
  Array<std::uint8_t> result(shape);
  Generator generator(5);
  for (auto& byte : result) byte = static_cast<std::uint8_t>(generator() >> 56);
  return result;
}

std::vector<std::size_t> all(std::size_t count) {
  std::vector<std::size_t> indices(count);
  std::iota(indices.begin(), indices.end(), std::size_t{0});
  return indices;
}

Array<std::uint8_t> labels(std::size_t count) {
  Array<std::uint8_t> result(Shape{count});
  std::iota(result.begin(), result.end(), std::uint8_t{0});
  return result;
}

}  // namespace

TEST_CASE_TEMPLATE("batches of bytes are bit-identical to those of an array of numbers", T, float, double) {
  for (const std::size_t channels : {1, 2, 3}) {
    CAPTURE(channels);
    const auto pixels = bytes({40, 5, 7, channels});
    Array<T> indices(pixels.shape());
    for (std::size_t i = 0; i < pixels.size(); ++i)
      indices.data()[i] = static_cast<T>(pixels.data()[i]) / T(255);
    const std::vector<double> mean(channels, 0.286), deviation(channels, 0.353);
    const nn::ImageDataset<T, std::uint8_t> plain(pixels, labels(40));
    const auto data = plain.normalized(mean, deviation);
    const nn::ArrayDataset reference(indices, labels(40));
    Generator generator;
    for (const auto& picked : {std::vector<std::size_t>{}, {7}, {39, 0, 39, 4}}) {
      CHECK(plain.batch(picked).inputs == reference.batch(picked).inputs);
      auto [x, y] = reference.batch(picked);
      nn::normalize(mean, deviation)(x, generator);
      const auto batch = data.batch(picked);
      CHECK(batch.inputs == x);
      CHECK(batch.targets == y);
    }
  }
}

TEST_CASE("extreme bytes, and normalisation of each channel") {
  const nn::ImageDataset data(xt::xarray<std::uint8_t>{{{{0, 0, 0}, {255, 255, 51}}}}, xt::xarray<int>{4});
  static_assert(std::is_same_v<decltype(data), const nn::ImageDataset<float, int>>);
  CHECK(data.batch(all(1)).inputs == xt::xarray<float>{{{{0, 0, 0}, {1, 1, 0.2F}}}});
  const auto each = data.normalized({0, 0.5, 1}, {1, 0.5, 2});
  CHECK(each.batch(all(1)).inputs == xt::xarray<float>{{{{0, -1, -0.5F}, {1, 1, (0.2F - 1) / 2}}}});
  const auto twice = each.normalized({1}, {2});
  CHECK(twice.batch(all(1)).inputs(0, 0, 0, 1) == -1);
  CHECK(twice.batch(all(1)).inputs(0, 0, 1, 0) == 0);
  CHECK(data.batch(all(1)).inputs(0, 0, 1, 0) == 1);  // the set itself does not change
}

TEST_CASE("slices, subsets and copies share the memory") {
  constexpr std::size_t count = 4096, size = 28 * 28;
  detail::reset_peak_bytes();
  Array<std::uint8_t> pixels = bytes({count, 28, 28});
  const auto* memory = pixels.data();
  const std::ptrdiff_t before = detail::bytes_in_use();
  const nn::ImageDataset data(std::move(pixels), labels(count));
  const auto train = data.slice(0, 4000),
             rest = data.slice(4000, count).slice(1, 96).normalized({0.5}, {0.5});
  const nn::Subset some(rest, {3, 1});
  const nn::AnyDataset any(some);
  const auto copy = data;
  CHECK(detail::bytes_in_use() - before < 32'000);  // labels and tables; the images are 3.2 MB
  CHECK(any.size() == 2);
  CHECK(rest.size() == 95);
  CHECK(train.size() == 4000);
  CHECK(train.targets().size() == 4000);
  CHECK(any.batch(all(1)).inputs(0, 3, 4, 0) ==
        (static_cast<float>(memory[4004 * size + 3 * 28 + 4]) / 255 - 0.5F) / 0.5F);
  CHECK(any.batch(all(1)).targets(0) == rest.targets()(3));
  CHECK(data.image_shape() == Shape{28, 28, 1});
  nn::DataLoader loader(train, {.batch = 64});
  static_assert(std::is_same_v<decltype(loader), nn::DataLoader<float, std::uint8_t>>);
  detail::reset_peak_bytes();
  const std::ptrdiff_t start = detail::bytes_in_use();
  for (auto [x, y] : loader) CHECK(x.shape() == Shape{y.size(), 28, 28, 1});
  CHECK(detail::peak_bytes_in_use() - start < std::ptrdiff_t{4 * 64 * size * sizeof(float)});
}

TEST_CASE("statistics of bytes equal those of the numbers") {
  for (const std::size_t channels : {1, 3}) {
    auto pixels = bytes({301, 5, 7, channels});
    for (std::size_t i = 0; i < pixels.size(); i += 4) pixels.data()[i] = 0;
    const nn::ImageDataset data(pixels, labels(301));
    const auto part = data.slice(1, 300);
    const auto found = part.statistics();
    REQUIRE(found.mean.size() == channels);
    // the generic pass, and xtensor on the numbers
    const auto walked = nn::channel_statistics(nn::Subset(part, all(299)));
    const xt::xarray<double> indices = xt::cast<double>(part.batch(all(299)).inputs);
    for (std::size_t c = 0; c < channels; ++c) {
      const auto channel = xt::view(indices, xt::all(), xt::all(), xt::all(), c);
      const double mean = xt::mean(channel)(), deviation = xt::stddev(channel)();
      CHECK(found.mean[c] == doctest::Approx(mean).epsilon(1e-13));
      CHECK(found.deviation[c] == doctest::Approx(deviation).epsilon(1e-13));
      CHECK(walked.mean[c] == doctest::Approx(mean).epsilon(1e-13));
      CHECK(walked.deviation[c] == doctest::Approx(deviation).epsilon(1e-13));
    }
    const auto after = part.normalized(found.mean, found.deviation).statistics();
    for (std::size_t c = 0; c < channels; ++c) {
      CHECK(std::abs(after.mean[c]) < 1e-6);
      CHECK(after.deviation[c] == doctest::Approx(1).epsilon(1e-6));
    }
    CHECK(nn::channel_statistics(data).mean == data.statistics().mean);
  }
  // no cancellation for values far from 0
  const nn::ArrayDataset far(Array<double>(Shape{1000, 2}, 1e9), Array<int>(Shape{1000}, 0));
  CHECK(nn::channel_statistics(far).deviation == std::vector<double>{0, 0});
}

TEST_CASE("transforms follow the normalisation, and a resumed loader has bit-identical batches") {
  const auto data = nn::ImageDataset(bytes({30, 6, 6}), labels(30)).normalized({0.3}, {0.4});
  const nn::DataLoaderOptions options{
      .batch = 4, .seed = 2, .transform = {nn::random_shift(1, -0.75), nn::random_flip()}, .prefetch = 2};
  nn::DataLoader whole(data, options), first(data, options), second(data, options);
  nn::DataLoader indices(nn::ArrayDataset(data.batch(all(30))), options);
  std::vector<Array<float>> expected;
  for (auto [x, y] : whole) expected.push_back(x);
  std::size_t at = 0;
  for (auto [x, y] : indices) CHECK(x == expected[at++]);
  at = 0;
  for (auto [x, y] : first) {
    if (++at == 3) break;
  }
  second.load_state_dict(first.state_dict());
  for (auto [x, y] : second) CHECK(x == expected[at++]);
  CHECK(at == 8);
}

TEST_CASE_TEMPLATE("targets of any type", L, std::int8_t, std::uint16_t, std::int64_t, std::uint64_t, float,
                   double) {
  const nn::ImageDataset data(bytes({6, 2, 2}), xt::xarray<L>{0, 1, 2, 0, 1, 2});
  const auto train = data.slice(2, 6);
  CHECK(train.targets() == xt::xarray<L>{2, 0, 1, 2});
  nn::DataLoader loader(train, {.batch = 2});
  static_assert(std::is_same_v<decltype(loader), nn::DataLoader<float, L>>);
  nn::Sequential net{nn::Flatten{}, nn::Linear<float>(4, 3)};
  if constexpr (std::integral<L>) {
    CHECK(nn::evaluate(net, train).error.has_value());
    CHECK(nn::stratified_k_fold(train.targets(), 2).size() == 2);
  } else if constexpr (std::is_same_v<L, float>) {
    nn::Sequential one{nn::Flatten{}, nn::Linear<float>(4, 1), nn::Flatten{0}};
    CHECK(std::isfinite(nn::evaluate(one, train).loss));
  }
}

TEST_CASE("ImageDataset: errors") {
  CHECK_THROWS_WITH_AS(
      (nn::ImageDataset(bytes({3, 2, 2}), labels(4))),
      "ImageDataset: expected inputs and targets with equal first extents, got {3, 2, 2} and {4}",
      ShapeError);
  CHECK_THROWS_WITH_AS((nn::ImageDataset(bytes({3, 4}), labels(3))),
                       "ImageDataset: expected images {N, H, W, C} or {N, H, W}, got {3, 4}", ShapeError);
  const nn::ImageDataset data(bytes({3, 2, 2, 3}), labels(3));
  CHECK_THROWS_WITH_AS(data.batch(std::vector<std::size_t>{3}),
                       "ImageDataset: index 3 is out of range for 3 samples", ValueError);
  CHECK_THROWS_WITH_AS(data.slice(1, 4), "ImageDataset: slice 1 to 4 is out of range for 3 images",
                       ShapeError);
  CHECK_THROWS_WITH_AS(data.slice(2, 1), "ImageDataset: slice 2 to 1 is out of range for 3 images",
                       ShapeError);
  CHECK_THROWS_WITH_AS(data.slice(1, 3).batch(std::vector<std::size_t>{2}),
                       "ImageDataset: index 2 is out of range for 2 samples", ValueError);
  CHECK_THROWS_WITH_AS(data.normalized({1, 2}, {1, 2}),
                       "normalized: expected 3 means, one for each channel, got 2", ShapeError);
  CHECK_THROWS_WITH_AS(data.normalized({1}, {0}), "normalize: expected a deviation > 0, got 0", ValueError);
  CHECK_THROWS_WITH_AS(data.slice(1, 1).statistics(), "channel_statistics: expected at least one image",
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::channel_statistics(nn::Subset(data, {})),
                       "channel_statistics: expected at least one image", ValueError);
  const nn::ImageDataset none(Array<std::uint8_t>(Shape{0, 28, 28}), labels(0));
  CHECK(none.size() == 0);
  nn::DataLoader loader(none);
  CHECK(loader.begin() == loader.end());
}
