#include "../support/optimizer.hpp"

using namespace xgrad;

TEST_CASE("Adam and AdamW match PyTorch") {
  check::against_pytorch<optim::Adam>(optim::AdamOptions{.learning_rate = 0.1, .weight_decay = 0.01},
                                      {0.7098751025881818, -1.5404500548830058, 0.36075859944556316});
  check::against_pytorch<optim::Adam>(
      optim::AdamOptions{.learning_rate = 0.1, .beta1 = 0.8, .beta2 = 0.9, .epsilon = 1e-4, .amsgrad = true},
      {0.7591799645287315, -1.5819297759129798, 0.37697132284577857});
  check::against_pytorch<optim::AdamW>(optim::AdamOptions{.learning_rate = 0.1, .weight_decay = 0.05},
                                       {0.6896064696812071, -1.4934941954001355, 0.3498764216612863});
}

TEST_CASE("the first step has size alpha, whatever the size of the gradient") {
  for (const double gradient : {1e-3, 1.0, 1e100}) {
    const Parameter<double> w(full<double>({1}, 1.0));
    optim::Adam<double> adam({w.handle()}, {.learning_rate = 0.5});
    w.handle().set_grad(full<double>({1}, gradient));
    adam.step();
    CHECK(w.value()(0) == doctest::Approx(0.5).epsilon(1e-5));
  }
}

TEST_CASE("a zero gradient leaves the weights unchanged, except for AdamW's decay") {
  const Parameter<double> w(full<double>({1}, 2.0));
  w.handle().set_grad(full<double>({1}, 0.0));
  optim::Adam<double>({w.handle()}, {.learning_rate = 0.5}).step();
  CHECK(w.value()(0) == 2);
  w.handle().set_grad(full<double>({1}, 0.0));
  optim::AdamW<double>({w.handle()}, {.learning_rate = 0.5, .weight_decay = 0.25}).step();
  CHECK(w.value()(0) == 2 - 0.5 * 0.25 * 2);
  w.handle().set_grad(full<double>({1}, 0.0));
  optim::AdamW<double>({w.handle()}).step();  // rate 0.001, decay 0.01
  CHECK(w.value()(0) == doctest::Approx(1.75 * (1 - 1e-5)).epsilon(1e-15));
}

TEST_CASE("bias correction counts only the steps in which a parameter had a gradient") {
  const Parameter<double> early(full<double>({1}, 0.0)), late(full<double>({1}, 0.0));
  optim::Adam<double> adam({early.handle(), late.handle()}, {.learning_rate = 0.5});
  for (int t = 0; t < 5; ++t) {
    early.handle().set_grad(full<double>({1}, 1.0));
    adam.step();
  }
  late.handle().set_grad(full<double>({1}, 1.0));
  adam.step();
  CHECK(late.value()(0) == doctest::Approx(-0.5).epsilon(1e-7));
}

TEST_CASE("training resumes from a saved state bit for bit") {
  check::goes_on_from_its_state<optim::Adam>(optim::AdamOptions{.learning_rate = 0.1, .amsgrad = true});
  check::goes_on_from_its_state<optim::AdamW>(optim::AdamOptions{.learning_rate = 0.1});
}

TEST_CASE("options out of range are rejected") {
  const Parameter<float> w(full<float>({1}, 1.0F));
  const auto make = [&](const optim::AdamOptions& options) {
    optim::AdamW<float> adam({w.handle()}, options);
  };
  CHECK_THROWS_WITH_AS(make({.beta1 = 1}), "AdamW: expected beta1 in [0, 1), got 1", ValueError);
  CHECK_THROWS_WITH_AS(make({.beta2 = -1}), "AdamW: expected beta2 in [0, 1), got -1", ValueError);
  CHECK_THROWS_WITH_AS(make({.epsilon = -1}), "AdamW: expected a finite epsilon >= 0, got -1", ValueError);
  CHECK_THROWS_WITH_AS(make({.learning_rate = -1}),
                       "AdamW: expected a finite learning rate >= 0 at step 0, got -1", ValueError);
}
