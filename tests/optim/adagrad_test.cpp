#include "../support/optimizer.hpp"

using namespace xgrad;

TEST_CASE("Adagrad matches PyTorch") {
  check::against_pytorch<optim::Adagrad>(
      optim::AdagradOptions{.learning_rate = 0.1, .initial_accumulator_value = 0.1, .weight_decay = 0.01},
      {0.9420962867304937, -1.8554442893403835, 0.45945228820055495});
}

TEST_CASE("constant gradients give steps of alpha / sqrt(t)") {
  const Parameter<double> w(full<double>({1}, 0.0));
  optim::Adagrad<double> adagrad({w.handle()}, {.learning_rate = 1, .epsilon = 0});
  double expected = 0;
  for (int t = 1; t <= 5; ++t) {
    w.handle().set_grad(full<double>({1}, 3.0));
    adagrad.step();
    expected -= 1 / std::sqrt(t);
    CHECK(w.value()(0) == doctest::Approx(expected).epsilon(1e-14));
  }
}

TEST_CASE("training resumes from a saved state bit for bit") {
  check::goes_on_from_its_state<optim::Adagrad>(optim::AdagradOptions{.learning_rate = 0.1});
}

TEST_CASE("options out of range are rejected") {
  const Parameter<float> w(full<float>({1}, 1.0F));
  CHECK_THROWS_WITH_AS(optim::Adagrad<float>({w.handle()}, {.initial_accumulator_value = -1}),
                       "Adagrad: expected a finite initial_accumulator_value >= 0, got -1", ValueError);
}
