#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <vector>

using namespace xgrad;

namespace {

struct Net {
  nn::Linear<float> fc{2, 3};
  nn::BatchNorm1d<float> bn{3};
};

void fill(Net& net, float value) {
  net.fc.weight.handle().set_value(full<float>({3, 2}, value));
  net.bn.running_mean.mutable_value().fill(value);
}

}  // namespace

TEST_CASE("stops after `patience` values without improvement, and restores the best weights") {
  Net net;
  optim::EarlyStopping stopping(net, {.patience = 2});
  const std::vector<double> errors{0.5, 0.3, 0.4, 0.2, 0.2, 0.25};
  std::size_t epoch = 0;
  for (const double error : errors) {
    fill(net, static_cast<float>(++epoch));
    CHECK(stopping.update(error) == (epoch == 6));
  }
  CHECK(stopping.best() == 0.2);
  CHECK(stopping.best_epoch() == 4);
  CHECK(stopping.epochs() == 6);
  stopping.restore();
  CHECK(net.fc.weight.value()(0, 0) == 4);
  CHECK(net.bn.running_mean.value()(0) == 4);
}

TEST_CASE("improvements below min_delta, and NaN, do not count") {
  Net net;
  optim::EarlyStopping stopping(net, {.patience = 2, .min_delta = 0.1});
  CHECK_FALSE(stopping.update(0.5));
  CHECK_FALSE(stopping.update(0.45));
  CHECK_FALSE(stopping.update(0.35));
  CHECK_FALSE(stopping.update(std::numeric_limits<double>::quiet_NaN()));
  CHECK(stopping.update(0.3));
}

TEST_CASE("restore does nothing before the first epoch") {
  Net net;
  fill(net, 7);
  const optim::EarlyStopping stopping(net);
  stopping.restore();
  CHECK(net.fc.weight.value()(0, 0) == 7);
}

TEST_CASE("resumes from a saved state") {
  Net net;
  optim::EarlyStopping first(net, {.patience = 3});
  fill(net, 1);
  first.update(0.1);
  fill(net, 2);
  first.update(0.2);
  Net other;
  optim::EarlyStopping second(other, {.patience = 3});
  second.load_state_dict(first.state_dict());
  CHECK_FALSE(second.update(0.3));
  CHECK(second.update(0.3));
  second.restore();
  CHECK(other.fc.weight.value()(0, 0) == 1);
  CHECK_THROWS_WITH_AS(second.load_state_dict({{}, {{"best", "0"}, {"best_epoch", "2"}, {"epochs", "1"}}}),
                       "EarlyStopping: the state does not fit: the best epoch is later than the last",
                       ValueError);
}

TEST_CASE("options out of range are rejected") {
  Net net;
  CHECK_THROWS_WITH_AS(optim::EarlyStopping(net, {.patience = 0}),
                       "EarlyStopping: expected patience >= 1, got 0", ValueError);
  CHECK_THROWS_WITH_AS(optim::EarlyStopping(net, {.min_delta = -1}),
                       "EarlyStopping: expected a finite min_delta >= 0, got -1", ValueError);
}
