#include <autodiff/error.hpp>
#include <optim/schedules.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>

using namespace xgrad;

namespace {

double no_decay(std::size_t) { return 0.25; }

}  // namespace

TEST_CASE("a schedule from a number is constant") {
  const optim::Schedule half = 0.5;
  CHECK(half.is_constant());
  CHECK(half(0) == 0.5);
  CHECK(half(1000000) == 0.5);
  CHECK(optim::Schedule(0)(3) == 0);
  CHECK(optim::Schedule(0.5f)(3) == 0.5);
}

TEST_CASE("a schedule from a function of the step") {
  const optim::Schedule hyperbola = [](std::size_t step) { return 1 / (1 + static_cast<double>(step)); };
  CHECK_FALSE(hyperbola.is_constant());
  CHECK(hyperbola(0) == 1);
  CHECK(hyperbola(3) == 0.25);
  CHECK(optim::Schedule(no_decay)(7) == 0.25);
  CHECK(optim::Schedule(std::function<float(std::size_t)>([](std::size_t) { return 2.0f; }))(7) == 2);
  const optim::Schedule copy = hyperbola;
  CHECK(copy(1) == 0.5);

  static_assert(!std::is_constructible_v<optim::Schedule, const char*>);
  static_assert(!std::is_constructible_v<optim::Schedule, double (*)()>);
  CHECK_THROWS_WITH_AS(optim::Schedule(std::function<double(std::size_t)>()),
                       "Schedule: expected a function of the step, got an empty function", ValueError);
}

TEST_CASE("the momentum schedule of figure 4") {
  const auto mu = optim::increasing_momentum(0.99);
  CHECK(mu(0) == 0.5);
  CHECK(mu(249) == 0.5);
  CHECK(mu(250) == 0.75);
  CHECK(mu(499) == 0.75);
  CHECK(mu(500) == doctest::Approx(5.0 / 6).epsilon(1e-15));
  CHECK(mu(750) == 0.875);
  CHECK(mu(250 * 49 - 1) == doctest::Approx(1 - 1.0 / 98).epsilon(1e-15));
  CHECK(mu(250 * 49) == 0.99);
  CHECK(mu(10'000'000) == 0.99);

  for (std::size_t step = 0; step < 5000; step += 83) {  // the formula as printed in the note
    const double power = -1 - std::log2(std::floor(static_cast<double>(step) / 250) + 1);
    CHECK(mu(step) == doctest::Approx(std::min(1 - std::pow(2, power), 0.99)).epsilon(1e-14));
  }
  CHECK(optim::increasing_momentum(0.3)(0) == 0.3);
  CHECK(optim::increasing_momentum(0)(0) == 0);
  CHECK(optim::increasing_momentum(1)(250'000'000) < 1);
  CHECK_THROWS_WITH_AS(optim::increasing_momentum(1.5),
                       "increasing_momentum: expected a maximum in [0, 1], got 1.5", ValueError);
  CHECK_THROWS_AS(optim::increasing_momentum(-0.1), ValueError);
  CHECK_THROWS_AS(optim::increasing_momentum(std::nan("")), ValueError);
}

TEST_CASE("step_decay divides at each milestone") {
  const auto rate = optim::step_decay(0.5, {100, 150});
  CHECK(rate(0) == 0.5);
  CHECK(rate(99) == 0.5);
  CHECK(rate(100) == 0.05);
  CHECK(rate(149) == 0.05);
  CHECK(rate(150) == 0.005);
  CHECK(rate(100000) == 0.005);
  CHECK(optim::step_decay(1, {3}, 2)(3) == 0.5);
  CHECK(optim::step_decay(1, {0})(0) == 0.1);
  CHECK(optim::step_decay(1, {})(1000) == 1);

  CHECK_THROWS_WITH_AS(optim::step_decay(1, {100, 50}),
                       "step_decay: expected increasing milestones, got {100, 50}", ValueError);
  CHECK_THROWS_AS(optim::step_decay(1, {100, 100}), ValueError);
  CHECK_THROWS_WITH_AS(optim::step_decay(1, {100}, 0.1),
                       "step_decay: expected a finite factor >= 1 to divide by, got 0.1", ValueError);
  CHECK_THROWS_WITH_AS(optim::step_decay(std::numeric_limits<double>::infinity(), {100}),
                       "step_decay: expected a finite initial value, got inf", ValueError);
}

TEST_CASE("periodic_decay divides at the end of each period") {
  const auto rate = optim::periodic_decay(8, 10, 2);
  CHECK(rate(0) == 8);
  CHECK(rate(9) == 8);
  CHECK(rate(10) == 4);
  CHECK(rate(19) == 4);
  CHECK(rate(20) == 2);
  CHECK(rate(60) == 0.125);
  CHECK(optim::periodic_decay(1, 5)(5) == 0.1);
  CHECK_THROWS_WITH_AS(optim::periodic_decay(1, 0), "periodic_decay: expected period >= 1, got 0",
                       ValueError);
  CHECK_THROWS_AS(optim::periodic_decay(1, 5, std::nan("")), ValueError);
}

namespace {

void check_values(const optim::Schedule& schedule,
                  const std::vector<std::pair<std::size_t, double>>& values) {
  for (const auto& each : values) {
    CAPTURE(each.first);
    CHECK(schedule(each.first) == doctest::Approx(each.second).epsilon(1e-12));
  }
}

}  // namespace

TEST_CASE("decays match their formulas") {
  check_values(optim::exponential_decay(0.5, 0.5), {{0, 0.5}, {1, 0.25}, {3, 0.0625}});
  check_values(optim::exponential_decay(1, 0.25, 2), {{0, 1}, {1, 0.5}, {4, 0.0625}});
  check_values(optim::inverse_time_decay(1, 0.5), {{0, 1}, {2, 0.5}, {6, 0.25}});
  check_values(optim::inverse_time_decay(1, 1, 10), {{0, 1}, {10, 0.5}, {30, 0.25}});
  check_values(optim::polynomial_decay(1, 4, 0, 2), {{0, 1}, {1, 0.5625}, {2, 0.25}, {4, 0}, {9, 0}});
  check_values(optim::linear_decay(1, 4, 0.5), {{0, 1}, {1, 0.875}, {4, 0.5}, {9, 0.5}});
  check_values(optim::cosine_decay(1, 4), {{0, 1}, {1, (1 + std::sqrt(0.5)) / 2}, {2, 0.5}, {4, 0}, {5, 0}});
  check_values(optim::cosine_decay(1, 2, 0.5), {{1, 0.75}, {2, 0.5}});
}

// Reference values: torch.optim.lr_scheduler.OneCycleLR(o, max_lr=1.0, total_steps=10), PyTorch 2.15;
// learning rates, and momenta of SGD with momentum.
TEST_CASE("one_cycle matches PyTorch") {
  check_values(optim::one_cycle(1, 10), {{0, 0.04},
                                         {1, 0.52},
                                         {2, 1.0},
                                         {3, 0.9504846320134737},
                                         {5, 0.6112620219362893},
                                         {8, 0.049519367986526286},
                                         {9, 4e-6},
                                         {20, 4e-6}});
  check_values(optim::one_cycle_momentum(0.85, 0.95, 10),
               {{0, 0.95}, {1, 0.9}, {2, 0.85}, {5, 0.8888739533021842}, {9, 0.95}, {10, 0.95}});
}

TEST_CASE("one_cycle with a rise of at most one step starts at its maximum or just past it") {
  // If rise * steps is 1, PyTorch 2.15 divides by 0; the other reference rates are from PyTorch.
  const std::pair<std::size_t, double> cycles[] = {
      {2, 0.5}, {4, 0.25}, {10, 0.1}, {100, 0.01}, {49, 1.0 / 49}};
  for (const auto& cycle : cycles) {
    const auto steps = cycle.first;
    const auto rise = cycle.second;
    CAPTURE(steps);
    const auto rate = optim::one_cycle(0.1, steps, {.rise = rise});
    CHECK(rate(0) == 0.1);
    CHECK(rate(1) < 0.1);
    CHECK(rate(steps - 1) == doctest::Approx(4e-7));
    CHECK(optim::one_cycle_momentum(0.85, 0.95, steps, rise)(0) == 0.85);
  }
  check_values(optim::one_cycle(0.1, 3, {.rise = 0.3}),
               {{0, 0.09944154354509119}, {1, 0.046263710266697504}});
  check_values(optim::one_cycle(0.1, 2, {.rise = 0.3}), {{0, 0.0811745653949763}, {1, 4e-7}, {2, 4e-7}});
  check_values(optim::one_cycle(0.1, 100, {.rise = 0.07}),  // 0.07 * 100 is greater than 7 in floating point
               {{0, 0.004}, {1, 0.010430780618346944}, {2, 0.028}, {6, 0.1}, {98, 2.892533941228591e-05}});
  check_values(optim::one_cycle(0.1, 10, {.rise = 0.05}),
               {{0, 0.09931806789787544}, {8, 0.0027095270784166085}});
}

TEST_CASE("every schedule is finite from its first step to far beyond its last") {
  for (const std::size_t steps : {std::size_t{2}, std::size_t{3}, std::size_t{10}}) {
    std::vector<optim::Schedule> all{optim::step_decay(1, {1, steps}),
                                     optim::periodic_decay(1, steps),
                                     optim::exponential_decay(1, 0.5, steps),
                                     optim::inverse_time_decay(1, 2, steps),
                                     optim::polynomial_decay(1, steps, 0.1, 0.5),
                                     optim::cosine_decay(1, steps, 0.1),
                                     optim::warm_up(steps, optim::linear_decay(1, steps)),
                                     optim::increasing_momentum(0.9)};
    for (const double rise : {1e-300, 0.1, 0.25, 0.5, 0.9, 1 - 1e-16}) {
      all.push_back(optim::one_cycle(1, steps, {.rise = rise}));
      all.push_back(optim::one_cycle_momentum(0.5, 1, steps, rise));
    }
    for (const optim::Schedule& each : all) {
      for (std::size_t t = 0; t < 2 * steps + 2; ++t) CHECK((each(t) >= 0 && each(t) <= 1));
      CHECK(std::isfinite(each(std::size_t{1} << 60)));
    }
  }
}

TEST_CASE("schedules can be combined") {
  const auto warm = optim::warm_up(4, optim::step_decay(1, {2}));
  check_values(warm, {{0, 0}, {1, 0.25}, {3, 0.75}, {4, 1}, {5, 1}, {6, 0.1}});
  check_values(optim::warm_up(0, 0.5), {{0, 0.5}});
  check_values(optim::warm_up(2, 1, 0.5), {{0, 0.5}, {1, 0.75}, {2, 1}});
  const auto joined = optim::join_schedules({1, optim::linear_decay(1, 2), 0.25}, {3, 5});
  check_values(joined, {{0, 1}, {2, 1}, {3, 1}, {4, 0.5}, {5, 0.25}, {99, 0.25}});
  check_values(0.5 * optim::linear_decay(1, 2), {{0, 0.5}, {1, 0.25}});
  CHECK((2 * optim::Schedule(0.5)).is_constant());
  const auto all = optim::warm_up(2, 0.1 * optim::join_schedules({1, optim::cosine_decay(1, 2)}, {2}));
  check_values(all, {{0, 0}, {1, 0.05}, {2, 0.1}, {4, 0.1}, {5, 0.05}, {6, 0}});
}

TEST_CASE("increasing_momentum drops for the last steps") {
  const auto mu = optim::increasing_momentum(0.99, {.steps = 2000});
  check_values(mu, {{0, 0.5}, {250, 0.75}, {999, 0.875}, {1000, 0.9}, {1999, 0.9}, {5000, 0.9}});
  check_values(optim::increasing_momentum(0.99, {.steps = 10, .last = 10, .momentum = 0.5}), {{0, 0.5}});
}

TEST_CASE("invalid arguments of the other schedules are rejected") {
  CHECK_THROWS_WITH_AS(optim::exponential_decay(1, 2), "exponential_decay: expected gamma in (0, 1], got 2",
                       ValueError);
  CHECK_THROWS_WITH_AS(optim::inverse_time_decay(1, 1, 0), "inverse_time_decay: expected period >= 1, got 0",
                       ValueError);
  CHECK_THROWS_WITH_AS(optim::cosine_decay(1, 0), "cosine_decay: expected steps >= 1, got 0", ValueError);
  CHECK_THROWS_WITH_AS(optim::polynomial_decay(1, 2, 0, 0),
                       "polynomial_decay: expected a finite power > 0, got 0", ValueError);
  CHECK_THROWS_WITH_AS(optim::one_cycle(1, 1), "one_cycle: expected steps >= 2, got 1", ValueError);
  CHECK_THROWS_WITH_AS(optim::one_cycle(1, 9, {.rise = 1}), "one_cycle: expected rise in (0, 1), got 1",
                       ValueError);
  CHECK_THROWS_WITH_AS(optim::one_cycle_momentum(0.8, 2, 9),
                       "one_cycle_momentum: expected a momentum in [0, 1], got 2", ValueError);
  CHECK_THROWS_WITH_AS(optim::increasing_momentum(0.9, {.steps = 10}),
                       "increasing_momentum: expected steps of the whole training >= 1000, got 10",
                       ValueError);
  CHECK_THROWS_WITH_AS(
      optim::join_schedules({1, 2}, {}),
      "join_schedules: expected one more schedule than milestones, got 2 schedules and 0 milestones",
      ValueError);
  CHECK_THROWS_WITH_AS(optim::join_schedules({1, 2, 3}, {5, 5}),
                       "join_schedules: expected increasing milestones, got {5, 5}", ValueError);
  CHECK_THROWS_WITH_AS(optim::warm_up(2, 1, std::numeric_limits<double>::infinity()),
                       "warm_up: expected a finite value, got inf", ValueError);
}
