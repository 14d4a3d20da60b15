#include <autodiff/error.hpp>
#include <nn/data/data.hpp>

#include <doctest/doctest.h>

#include <numeric>
#include <vector>

using namespace xgrad;

namespace {

/// A computed set: sample n has input n and target n squared.
struct Squares {
  std::size_t count = 100;
  std::size_t size() const { return count; }
  nn::Batch<double, float> batch(std::span<const std::size_t> indices) const {
    nn::Batch<double, float> batch{Array<double>(Shape{indices.size()}), Array<float>(Shape{indices.size()})};
    for (std::size_t i = 0; i < indices.size(); ++i) {
      batch.inputs(i) = static_cast<double>(indices[i]);
      batch.targets(i) = static_cast<float>(indices[i] * indices[i]);
    }
    return batch;
  }
};

static_assert(nn::Dataset<Squares>);
static_assert(nn::Dataset<nn::ArrayDataset<float, int>>);
static_assert(nn::Dataset<nn::Subset<Squares>>);
static_assert(!nn::Dataset<std::vector<int>>);

}  // namespace

TEST_CASE("ArrayDataset returns samples by index") {
  const nn::ArrayDataset data(xt::xarray<float>{{1, 2}, {3, 4}, {5, 6}}, xt::xarray<int>{7, 8, 9});
  CHECK(data.size() == 3);
  const std::vector<std::size_t> indices{2, 0, 2};
  const auto [x, y] = data.batch(indices);
  CHECK(x == xt::xarray<float>{{5, 6}, {1, 2}, {5, 6}});
  CHECK(y == xt::xarray<int>{9, 7, 9});
  CHECK(data.batch({}).inputs.shape() == Shape{0, 2});
  const auto copy = data;
  CHECK(copy.inputs().data() == data.inputs().data());  // shared
}

TEST_CASE("subsets, also of subsets") {
  const nn::Subset some(Squares{}, {10, 20, 30});
  const nn::Subset fewer(some, {2, 0});
  CHECK(fewer.size() == 2);
  const std::vector<std::size_t> all{0, 1};
  CHECK(fewer.batch(all).targets == xt::xarray<float>{900, 100});
}

TEST_CASE("a loader iterates over any Dataset") {
  nn::DataLoader loader(Squares{10}, {.batch = 4});
  static_assert(std::is_same_v<decltype(loader), nn::DataLoader<double, float>>);
  double sum = 0;
  for (auto [x, y] : loader) {
    CHECK(static_cast<double>(y(0)) == x(0) * x(0));
    sum = std::accumulate(x.begin(), x.end(), sum);
  }
  CHECK(sum == 45);
}

TEST_CASE("data sets: errors") {
  CHECK_THROWS_WITH_AS((nn::ArrayDataset(xt::xarray<float>{1, 2}, xt::xarray<int>{1})),
                       "ArrayDataset: expected inputs and targets with equal first extents, got {2} and {1}",
                       ShapeError);
  const nn::ArrayDataset data(xt::xarray<float>{1, 2}, xt::xarray<int>{1, 2});
  const std::vector<std::size_t> outside{2};
  CHECK_THROWS_WITH_AS(data.batch(outside), "ArrayDataset: index 2 is out of range for 2 samples",
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::Subset(data, {5}), "Subset: index 5 is out of range for 2 samples", ValueError);
}

TEST_CASE("an empty AnyDataset has no samples") {
  const nn::AnyDataset<float, int> none;
  CHECK(none.size() == 0);
  const std::vector<std::size_t> first{0};
  CHECK_THROWS_WITH_AS(none.batch(first), "AnyDataset: index 0 is out of range for 0 samples", ValueError);
}
