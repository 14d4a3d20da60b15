#include "../support/optimizer.hpp"

#include <nn/layers.hpp>

#include <cstdint>

using namespace xgrad;

namespace {

struct Net {
  nn::Linear<float> fc1{3, 4}, fc2{4, 2};
};

std::vector<std::string> names(const nn::StateDict& state) {
  std::vector<std::string> all;
  for (const auto& each : state.arrays) all.push_back(each.name);
  return all;
}

void set_all_grads(Net& net) {
  for (auto& each : nn::parameters(net)) each.parameter.set_grad(full<float>(each.parameter.shape(), 1.0F));
}

}  // namespace

TEST_CASE("Nesterov's form is PyTorch's") {
  check::against_pytorch<optim::SGD>(
      optim::SGDOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true},
      {0.6350596912329624, -1.0658585510835832, 0.09577592209420356});
  check::against_pytorch<optim::SGD>(
      optim::SGDOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01},
      {0.585990930181826, -1.137019091243159, 0.05074146558384481});
}

TEST_CASE("Nesterov's form with a schedule: the gradient is taken where the momentum leads") {
  // Sutskever et al. 2013, equations 3 and 4, on f(u) = u^2 / 2: v <- mu v - alpha f'(u + mu v), u <- u + v.
  // The parameter is the point w_t = u_t + mu_t v_t at which the gradient is taken; mu is that of the step.
  const auto mu = [](std::size_t t) { return t < 2 ? 0.5 : 0.75; };
  const Parameter<double> w(full<double>({1}, 1.0));
  optim::SGD<double> sgd({w.handle()}, {.learning_rate = 0.25, .momentum = mu, .nesterov = true});
  double u = 1, v = 0, at = 1;
  for (std::size_t t = 0; t < 5; ++t) {
    w.handle().set_grad(full<double>({1}, w.value()(0)));
    sgd.step();
    const double descent = 0.25 * at;
    v = mu(t) * v - descent;
    u = at - descent;  // u + v of the equations
    at = u + mu(t) * v;
    CHECK(w.value()(0) == doctest::Approx(at).epsilon(1e-14));
  }
}

TEST_CASE("the scale multiplies the schedule") {
  const Parameter<double> w(full<double>({1}, 1.0));
  optim::SGD<double> sgd({w.handle()}, {.learning_rate = optim::step_decay(0.5, {1}, 2)});
  sgd.set_learning_rate_scale(0.5);
  CHECK(sgd.learning_rate() == 0.25);
  w.handle().set_grad(full<double>({1}, 1.0));
  sgd.step();
  CHECK(w.value()(0) == 0.75);
  CHECK(sgd.learning_rate() == 0.125);
  sgd.reset();
  CHECK(sgd.learning_rate() == 0.5);
  CHECK_THROWS_WITH_AS(sgd.set_learning_rate_scale(-1),
                       "SGD: a scale of -1 for the learning rate came, expected a finite number >= 0",
                       ValueError);
}

TEST_CASE("a state names what it holds") {
  Net net;
  optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.1, .momentum = 0.9});
  CHECK(sgd.parameters().size() == 4);
  CHECK(names(sgd.state_dict()).empty());
  set_all_grads(net);
  sgd.step();
  sgd.set_learning_rate_scale(0.1);
  const auto state = sgd.state_dict();
  CHECK(names(state) == std::vector<std::string>{"velocity.fc1.weight", "velocity.fc1.bias",
                                                 "velocity.fc2.weight", "velocity.fc2.bias"});
  CHECK(state.metadata.at("optimizer") == "SGD");
  CHECK(state.metadata.at("steps") == "1");
  optim::SGD<float> other(nn::parameters(net), {.learning_rate = 0.1, .momentum = 0.9});
  other.load_state_dict(state);
  CHECK(other.learning_rate_scale() == 0.1);  // the same bits
}

TEST_CASE("a run goes on from its state, bit for bit") {
  check::goes_on_from_its_state<optim::SGD>(optim::SGDOptions{.learning_rate = 0.1, .momentum = 0.9});
  check::goes_on_from_its_state<optim::SGD>(optim::SGDOptions{
      .learning_rate = 0.1, .momentum = optim::increasing_momentum(0.9), .max_norm = 1, .nesterov = true});
}

TEST_CASE("a state that does not fit changes nothing") {
  Net net;
  optim::SGD<float> sgd(nn::parameters(net), {.momentum = 0.9});
  set_all_grads(net);
  sgd.step();
  auto state = sgd.state_dict();
  state.metadata["optimizer"] = "Adam";
  state.metadata["steps"] = "many";
  state.metadata.erase("updates");
  state.arrays[0].array = Array<float>(Shape{2, 2}, 0.0F);
  state.arrays[1].name = "velocity.fc9.bias";
  state.arrays[2].array = Array<double>(Shape{2, 4}, 0.0);
  CHECK_THROWS_WITH_AS(
      sgd.load_state_dict(state),
      "SGD: the state does not fit: it is that of Adam; \"steps\" is \"many\", expected 1 number; "
      "\"updates\" is missing; \"velocity.fc1.weight\" is "
      "{2, 2}, the parameter {4, 3}; \"velocity.fc9.bias\" belongs to no parameter; "
      "\"velocity.fc2.weight\" is {2, 4} of the other precision, the parameter {2, 4}",
      ValueError);
  CHECK(sgd.steps() == 1);
}

TEST_CASE("every optimiser is used through its base") {
  Net net;
  optim::Adam<float> adam(nn::parameters(net));
  optim::Optimizer<float>& optimizer = adam;
  set_all_grads(net);
  optimizer.step();
  CHECK(optimizer.steps() == 1);
  CHECK(optimizer.momentum() == 0.9);
  CHECK_FALSE(optimizer.parameters()[0].parameter.has_grad());
}
