#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace xgrad;

namespace {

nn::Batch<float, int> points(std::size_t count) {
  Generator generator(1);
  nn::Batch<float, int> all{random_normal<float>({count, 2}, 0, 1, generator), Array<int>(Shape{count})};
  for (std::size_t n = 0; n < count; ++n) {
    all.targets(n) = static_cast<int>(n % 2);
    all.inputs(n, 0) += all.targets(n) == 1 ? 3.0F : 0.0F;
  }
  return all;
}

struct Net {
  nn::Linear<float> fc1{2, 8}, fc2{8, 2};
  nn::Dropout dropout{{.keep = 0.9}};
  Variable<float> operator()(const Variable<float>& x) const { return fc2(dropout(relu(fc1(x)))); }
};

}  // namespace

TEST_CASE("range test: geometric rates, suggestion at the steepest descent, stop on divergence") {
  // A loss that decreases as a sigmoid around a rate of 0.01 and diverges above a rate of 1.
  const auto loss = [](double rate) {
    return rate > 1 ? 1e3 : 2 - 1 / (1 + std::exp(-4 * (std::log10(rate) + 2)));
  };
  const auto curve =
      optim::detail::range_test({.low = 1e-5, .high = 100, .steps = 141, .smoothing = 0}, loss);
  CHECK(curve.rates[0] == 1e-5);
  CHECK(curve.rates[1] / curve.rates[0] == doctest::Approx(curve.rates[20] / curve.rates[19]).epsilon(1e-12));
  CHECK(curve.suggestion == doctest::Approx(0.01).epsilon(0.2));
  CHECK(curve.rates.back() == doctest::Approx(1).epsilon(0.2));
  const auto broken = optim::detail::range_test(
      {.low = 1e-3}, [](double rate) { return rate > 0.1 ? std::numeric_limits<double>::quiet_NaN() : 1.0; });
  CHECK(broken.rates.back() <= 0.1);
}

TEST_CASE("find_learning_rate restores all states bit for bit") {
  seed(3);
  Net net, other = net;
  const nn::ArrayDataset data(points(64));
  nn::DataLoader<float, int> loader(data, {.batch = 8, .seed = 5}), second(data, {.batch = 8, .seed = 5});
  optim::SGD<float> sgd(nn::parameters(net),
                        {.learning_rate = optim::linear_decay(0.1, 100), .momentum = 0.9});
  optim::SGD<float> again(nn::parameters(other),
                          {.learning_rate = optim::linear_decay(0.1, 100), .momentum = 0.9});
  nn::eval(net);
  seed(4);
  const auto curve = optim::find_learning_rate(net, sgd, loader, {.low = 1e-4, .steps = 50});
  CHECK_FALSE(net.dropout.training);
  CHECK(curve.rates.size() > 10);
  CHECK(curve.suggestion > 1e-4);
  CHECK(sgd.steps() == 0);
  CHECK(sgd.learning_rate() == 0.1);
  optim::fit(net, sgd, loader, {.epochs = 2});
  seed(4);
  optim::fit(other, again, second, {.epochs = 2});
  CHECK(xt::all(xt::equal(net.fc1.weight.value(), other.fc1.weight.value())));
}

TEST_CASE("select_learning_rate by k-fold cross-validation: too small, right, too large") {
  seed(9);
  const auto before = default_generator();
  const auto chosen = optim::select_learning_rate([] { return Net(); }, nn::ArrayDataset(points(200)),
                                                  {1e-6, 0.05, 1e4}, {.folds = 4, .epochs = 3, .batch = 10});
  CHECK(chosen.best == 0.05);
  REQUIRE(chosen.scores.size() == 3);
  CHECK(chosen.scores[1].error < 0.15);
  CHECK(chosen.scores[1].deviation >= 0);
  CHECK(chosen.scores[1].loss < chosen.scores[0].loss);
  CHECK(chosen.scores[2].error > chosen.scores[1].error);
  CHECK(default_generator() == before);
}

TEST_CASE("scores are averages over the folds") {
  const auto chosen = optim::detail::cross_validate({1, 2, 3}, 2, [](double rate, std::size_t fold) {
    return nn::Evaluation{rate, fold == 0 ? 0.25 * rate : 0.5};
  });
  CHECK(chosen.scores[0].error == 0.375);
  CHECK(chosen.scores[0].deviation == 0.125);
  CHECK(chosen.best == 1);
}

TEST_CASE("invalid options are rejected") {
  CHECK_THROWS_WITH_AS(optim::detail::check_finder({.low = 0}),
                       "find_learning_rate: expected low to be a finite number > 0, got 0", ValueError);
  CHECK_THROWS_WITH_AS(optim::detail::check_finder({.low = 1, .high = 1}),
                       "find_learning_rate: expected high to be a finite number > low, got 1", ValueError);
  CHECK_THROWS_WITH_AS(optim::detail::check_rates({0.1, 0}),
                       "select_learning_rate: expected finite rates > 0, got 0", ValueError);
  CHECK_THROWS_WITH_AS(optim::detail::check_rates({}),
                       "select_learning_rate: expected at least one rate, got none", ValueError);
}
