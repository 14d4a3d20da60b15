#include <optim/optim.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace xgrad;

namespace {

/// The learning rate scale after each value.
std::vector<double> scales(const std::vector<double>& values, const optim::ReduceOnPlateauOptions& options) {
  const Parameter<double> w(full<double>({1}, 1.0));
  optim::SGD<double> sgd({w.handle()});
  optim::ReduceOnPlateau plateau(options);
  std::vector<double> all;
  for (const double value : values) {
    const double before = sgd.learning_rate_scale();
    const bool reduced = plateau.update(value, sgd);
    CHECK(reduced == (sgd.learning_rate_scale() != before));
    all.push_back(sgd.learning_rate_scale());
  }
  return all;
}

}  // namespace

TEST_CASE("divides by 10 when progress saturates") {
  CHECK(scales({5, 4, 4, 4, 3, 3, 3, 3}, {.patience = 1}) ==
        std::vector<double>{1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01});
  CHECK(scales({1, 1, 1}, {.factor = 2, .patience = 0}) == std::vector<double>{1, 0.5, 0.25});
}

TEST_CASE("progress is relative to the best value, including negative values") {
  CHECK(scales({1, 0.95, 0.85}, {.factor = 2, .patience = 0, .threshold = 0.1}) ==
        std::vector<double>{1, 0.5, 0.5});
  CHECK(scales({-1, -1.05, -1.2}, {.factor = 2, .patience = 0, .threshold = 0.1}) ==
        std::vector<double>{1, 0.5, 0.5});
}

TEST_CASE("cooldown, min_scale, NaN") {
  CHECK(scales({1, 1, 1, 1, 1}, {.factor = 2, .patience = 0, .cooldown = 2}) ==
        std::vector<double>{1, 0.5, 0.5, 0.5, 0.25});
  CHECK(scales({1, 1, 1, 1}, {.factor = 2, .patience = 0, .min_scale = 0.3}) ==
        std::vector<double>{1, 0.5, 0.3, 0.3});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(scales({nan, nan, 1}, {.factor = 2, .patience = 1}) == std::vector<double>{1, 0.5, 0.5});
}

// Reference values: torch.optim.lr_scheduler.ReduceLROnPlateau(SGD(lr = 1), factor = 1 / factor, ...),
// PyTorch 2.15; the number of reductions after each value of a random sequence.
TEST_CASE("reduces at the same steps as PyTorch") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> losses{2.5687, 2.274,  1.1278, 0.9551, nan,    0.7876, 1.6675, 0.7239,
                                   1.3644, nan,    1.3644, 1.1711, 0.5565, 0.5674, 0.5771, 1.1035,
                                   0.4632, 0.4752, 0.4754, 0.4443, 0.9073, 0.8228, 0.738,  0.3921,
                                   0.3086, 0.6633, 0.6643, 0.6132, 0.2553, 0.4924};
  const auto reductions = [&](const optim::ReduceOnPlateauOptions& options) {
    std::vector<int> counts;
    for (const double scale : scales(losses, options)) {
      counts.push_back(static_cast<int>(std::ceil(-std::log(scale) / std::log(options.factor))));
    }
    return counts;
  };
  CHECK(reductions({.factor = 2, .patience = 0, .threshold = 0.01}) ==
        std::vector<int>{0, 0, 0,  0,  1,  1,  2,  2,  3,  4,  5,  6,  6,  7,  8,
                         9, 9, 10, 11, 11, 12, 13, 14, 14, 14, 15, 16, 17, 17, 18});
  CHECK(reductions({.factor = 2, .patience = 1, .threshold = 0.05}) ==
        std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3,
                         3, 3, 3, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7});
  CHECK(reductions({.factor = 2, .patience = 2, .cooldown = 2}) ==
        std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1,
                         2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4});
  CHECK(reductions({.factor = 2, .patience = 1, .threshold = 0.1, .absolute_threshold = true}) ==
        std::vector<int>{0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 3,  4,
                         4, 5, 5, 6, 6, 6, 7, 7, 8, 8, 8, 9, 9, 10, 10});
  CHECK(reductions({.factor = 4, .patience = 1, .threshold = 0, .cooldown = 1, .min_scale = 0.05}) ==
        std::vector<int>{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2,
                         2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3});
  CHECK(scales(losses, {.factor = 4, .patience = 1, .min_scale = 0.05}).back() == 0.05);
}

TEST_CASE("resumes from a saved state") {
  const Parameter<double> w(full<double>({1}, 1.0));
  optim::SGD<double> sgd({w.handle()});
  optim::ReduceOnPlateau first({.patience = 2});
  for (const double value : {0.1, 0.1, 0.1}) first.update(value, sgd);
  optim::ReduceOnPlateau second({.patience = 2});
  second.load_state_dict(first.state_dict());
  CHECK(second.best() == 0.1);
  CHECK(second.update(0.1, sgd));
  optim::ReduceOnPlateau fresh;
  fresh.load_state_dict(optim::ReduceOnPlateau().state_dict());  // best() is infinite
  CHECK(fresh.best() == std::numeric_limits<double>::infinity());
  CHECK_THROWS_WITH_AS(second.load_state_dict({}),
                       "ReduceOnPlateau: the state does not fit: \"best\" is missing; \"waited\" is missing; "
                       "\"cooling\" is missing",
                       ValueError);
}

TEST_CASE("options out of range are rejected") {
  CHECK_THROWS_WITH_AS(optim::ReduceOnPlateau({.factor = 1}),
                       "ReduceOnPlateau: expected factor to be a finite number > 1, got 1", ValueError);
  CHECK_THROWS_WITH_AS(optim::ReduceOnPlateau({.threshold = -1, .absolute_threshold = true}),
                       "ReduceOnPlateau: expected threshold to be a finite number >= 0, got -1", ValueError);
  CHECK_THROWS_WITH_AS(optim::ReduceOnPlateau({.threshold = 1}),
                       "ReduceOnPlateau: expected threshold to be a number in [0, 1), got 1", ValueError);
}
