#include <autodiff/error.hpp>
#include <nn/data/data.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

using namespace xgrad;
using Numbers = std::vector<std::size_t>;

namespace {

/// Checks that both sides together contain every sample once.
void check_whole(const nn::Split& split, std::size_t samples) {
  Numbers all = split.train;
  all.insert(all.end(), split.validation.begin(), split.validation.end());
  std::sort(all.begin(), all.end());
  REQUIRE(all.size() == samples);
  for (std::size_t i = 0; i < samples; ++i) CHECK(all[i] == i);
}

}  // namespace

// sklearn.model_selection.KFold(3).split(range(10)): validation [0 1 2 3], [4 5 6], [7 8 9]
TEST_CASE("k_fold agrees with scikit-learn") {
  const auto folds = nn::k_fold(10, 3, {.shuffle = false});
  REQUIRE(folds.size() == 3);
  CHECK(folds[0].validation == Numbers{0, 1, 2, 3});
  CHECK(folds[1].validation == Numbers{4, 5, 6});
  CHECK(folds[2].validation == Numbers{7, 8, 9});
  CHECK(folds[1].train == Numbers{0, 1, 2, 3, 7, 8, 9});
}

TEST_CASE("shuffled folds contain every sample once and depend on the seed") {
  const auto folds = nn::k_fold(23, 5, {.seed = 1});
  std::set<std::size_t> seen;
  for (const auto& fold : folds) {
    check_whole(fold, 23);
    seen.insert(fold.validation.begin(), fold.validation.end());
    CHECK((fold.validation.size() == 4 || fold.validation.size() == 5));
  }
  CHECK(seen.size() == 23);
  CHECK(nn::k_fold(23, 5, {.seed = 1})[0].validation == folds[0].validation);
  CHECK(nn::k_fold(23, 5, {.seed = 2})[0].validation != folds[0].validation);
}

TEST_CASE("stratified folds have equal proportions of the classes and equal sizes") {
  xt::xarray<int> labels = xt::zeros<int>({37});
  for (std::size_t i = 0; i < 37; ++i) labels(i) = i % 7 == 0 ? 2 : i % 3 == 0 ? -1 : 5;
  std::map<int, int> total;
  for (const int label : labels) ++total[label];
  for (const bool shuffle : {false, true}) {
    for (const auto& fold : nn::stratified_k_fold(labels, 4, {.shuffle = shuffle})) {
      check_whole(fold, 37);
      CHECK((fold.validation.size() == 9 || fold.validation.size() == 10));
      std::map<int, int> count;
      for (const std::size_t i : fold.validation) ++count[labels(i)];
      for (const auto& each : total) {
        CHECK(count[each.first] >= each.second / 4);
        CHECK(count[each.first] <= each.second / 4 + 1);
      }
    }
  }
}

TEST_CASE("train_validation_split and stratified_split hold out a share") {
  const auto last = nn::train_validation_split(10, 0.25, {.shuffle = false});
  CHECK(last.validation == Numbers{7, 8, 9});  // 2.5 rounded
  check_whole(nn::train_validation_split(101, 0.2), 101);
  CHECK(nn::train_validation_split(101, 0.2).validation.size() == 20);
  const xt::xarray<std::uint8_t> labels{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1};
  const auto split = nn::stratified_split(labels, 0.25);
  check_whole(split, 12);
  CHECK(std::count_if(split.validation.begin(), split.validation.end(), [](auto i) { return i >= 8; }) == 1);
  CHECK(split.validation.size() == 3);
}

TEST_CASE("split returns both sides as data sets") {
  const nn::ArrayDataset data(xt::xarray<float>(xt::arange<float>(10)), xt::xarray<int>(xt::arange<int>(10)));
  const auto [train, validation] = nn::split(data, nn::k_fold(10, 5, {.shuffle = false})[4]);
  CHECK(train.size() == 8);
  const Numbers both{0, 1};
  CHECK(validation.batch(both).targets == xt::xarray<int>{8, 9});
}

TEST_CASE("splits: errors") {
  CHECK_THROWS_WITH_AS(nn::k_fold(3, 4), "k_fold: expected 2 to 3 folds of 3 samples, got 4", ValueError);
  CHECK_THROWS_WITH_AS(nn::k_fold(3, 1), "k_fold: expected 2 to 3 folds of 3 samples, got 1", ValueError);
  CHECK_THROWS_WITH_AS(nn::train_validation_split(3, 0.01),
                       "train_validation_split: a share of 0.01 of 3 samples leaves one side empty",
                       ValueError);
  CHECK_THROWS_WITH_AS(nn::train_validation_split(3, 2),
                       "train_validation_split: a share of 2 of 3 samples leaves one side empty", ValueError);
  CHECK_THROWS_WITH_AS(nn::stratified_k_fold(xt::xarray<int>{{1, 2}}, 2),
                       "stratified_k_fold: expected labels {N}, got shape {1, 2}", ShapeError);
}
