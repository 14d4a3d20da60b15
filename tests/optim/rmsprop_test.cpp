#include "../support/optimizer.hpp"

using namespace xgrad;

TEST_CASE("RMSprop matches PyTorch") {
  check::against_pytorch<optim::RMSprop>(optim::RMSpropOptions{.learning_rate = 0.1, .weight_decay = 0.01},
                                         {0.3982955638878257, -0.5486535201057351, 0.09500128492414645});
  check::against_pytorch<optim::RMSprop>(
      optim::RMSpropOptions{.learning_rate = 0.1, .decay = 0.9, .momentum = 0.5, .centered = true},
      {0.41546402298827856, -0.8910766402622623, 0.13085985642854842});
}

TEST_CASE("a zero gradient leaves the weights unchanged") {
  const Parameter<double> w(full<double>({1}, 2.0));
  optim::RMSprop<double> rmsprop({w.handle()}, {.momentum = 0.5, .centered = true});
  w.handle().set_grad(full<double>({1}, 0.0));
  rmsprop.step();
  CHECK(w.value()(0) == 2);
  CHECK(rmsprop.momentum() == 0.5);
}

TEST_CASE("training resumes from a saved state bit for bit") {
  check::goes_on_from_its_state<optim::RMSprop>(optim::RMSpropOptions{.momentum = 0.5, .centered = true});
}

TEST_CASE("options out of range are rejected") {
  const Parameter<float> w(full<float>({1}, 1.0F));
  CHECK_THROWS_WITH_AS(optim::RMSprop<float>({w.handle()}, {.decay = 1}),
                       "RMSprop: expected decay in [0, 1), got 1", ValueError);
  CHECK_THROWS_WITH_AS(optim::RMSprop<float>({w.handle()}, {.momentum = 2}),
                       "RMSprop: expected momentum in [0, 1), got 2", ValueError);
}
