#include <optim/optim.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <vector>

using namespace xgrad;

namespace {

/// The scale of the learning rate after each value.
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
  CHECK(scales({5, 4, 4, 4, 3, 3, 3, 3}, {.patience = 2}) ==
        std::vector<double>{1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01});
  CHECK(scales({1, 1, 1}, {.factor = 2, .patience = 1}) == std::vector<double>{1, 0.5, 0.25});
}

TEST_CASE("progress is relative to the best, also below zero") {
  CHECK(scales({1, 0.95, 0.85}, {.factor = 2, .patience = 1, .threshold = 0.1}) ==
        std::vector<double>{1, 0.5, 0.5});
  CHECK(scales({-1, -1.05, -1.2}, {.factor = 2, .patience = 1, .threshold = 0.1}) ==
        std::vector<double>{1, 0.5, 0.5});
}

TEST_CASE("cooldown, smallest scale, NaN") {
  CHECK(scales({1, 1, 1, 1, 1}, {.factor = 2, .patience = 1, .cooldown = 2}) ==
        std::vector<double>{1, 0.5, 0.5, 0.5, 0.25});
  CHECK(scales({1, 1, 1, 1}, {.factor = 2, .patience = 1, .min_scale = 0.3}) ==
        std::vector<double>{1, 0.5, 0.3, 0.3});
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(scales({nan, nan, 1}, {.factor = 2, .patience = 2}) == std::vector<double>{1, 0.5, 0.5});
}

TEST_CASE("goes on from its state") {
  const Parameter<double> w(full<double>({1}, 1.0));
  optim::SGD<double> sgd({w.handle()});
  optim::ReduceOnPlateau first({.patience = 3});
  for (const double value : {0.1, 0.1, 0.1}) first.update(value, sgd);
  optim::ReduceOnPlateau second({.patience = 3});
  second.load_state_dict(first.state_dict());
  CHECK(second.best() == 0.1);
  CHECK(second.update(0.1, sgd));
  optim::ReduceOnPlateau fresh;
  fresh.load_state_dict(optim::ReduceOnPlateau().state_dict());  // best is infinite
  CHECK(fresh.best() == std::numeric_limits<double>::infinity());
  CHECK_THROWS_WITH_AS(second.load_state_dict({}),
                       "ReduceOnPlateau: the state does not fit: \"best\" is missing; \"waited\" is missing; "
                       "\"cooling\" is missing",
                       ValueError);
}

TEST_CASE("options out of their range") {
  CHECK_THROWS_WITH_AS(optim::ReduceOnPlateau({.factor = 1}),
                       "ReduceOnPlateau: factor = 1 came, expected a finite number > 1", ValueError);
  CHECK_THROWS_WITH_AS(optim::ReduceOnPlateau({.patience = 0}),
                       "ReduceOnPlateau: patience = 0 came, expected at least 1", ValueError);
  CHECK_THROWS_WITH_AS(optim::ReduceOnPlateau({.threshold = 1}),
                       "ReduceOnPlateau: threshold = 1 came, expected a number in [0, 1)", ValueError);
}
