#include "../support/optimizer.hpp"

#include <nn/nn.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

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

TEST_CASE("Nesterov momentum matches PyTorch") {
  check::against_pytorch<optim::SGD>(
      optim::SGDOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01, .nesterov = true},
      {0.6350596912329624, -1.0658585510835832, 0.09577592209420356});
  check::against_pytorch<optim::SGD>(
      optim::SGDOptions{.learning_rate = 0.1, .momentum = 0.9, .weight_decay = 0.01},
      {0.585990930181826, -1.137019091243159, 0.05074146558384481});
}

TEST_CASE("Nesterov momentum with a schedule evaluates the gradient at the look-ahead point") {
  // Sutskever et al. 2013, equations 3 and 4, on f(u) = u^2 / 2: v <- mu v - alpha f'(u + mu v), u <- u + v.
  // The parameter is the point w_t = u_t + mu_t v_t at which the gradient is evaluated, with the step's mu.
  const auto mu = [](std::size_t t) { return t < 2 ? 0.5 : 0.75; };
  const Parameter<double> w(full<double>({1}, 1.0));
  optim::SGD<double> sgd({w.handle()}, {.learning_rate = 0.25, .momentum = mu, .nesterov = true});
  double u = 1, v = 0, at = 1;
  for (std::size_t t = 0; t < 5; ++t) {
    w.handle().set_grad(full<double>({1}, w.value()(0)));
    sgd.step();
    const double descent = 0.25 * at;
    v = mu(t) * v - descent;
    u = at - descent;  // u + v in the equations
    at = u + mu(t) * v;
    CHECK(w.value()(0) == doctest::Approx(at).epsilon(1e-14));
  }
}

TEST_CASE("the learning rate scale multiplies the schedule") {
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
                       "SGD: expected a finite learning rate scale >= 0, got -1", ValueError);
}

TEST_CASE("the entries of a state are named after the parameters") {
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
  CHECK(other.learning_rate_scale() == 0.1);  // bit-identical
}

TEST_CASE("training resumes from a saved state bit for bit") {
  check::goes_on_from_its_state<optim::SGD>(optim::SGDOptions{.learning_rate = 0.1, .momentum = 0.9});
  check::goes_on_from_its_state<optim::SGD>(optim::SGDOptions{
      .learning_rate = 0.1, .momentum = optim::increasing_momentum(0.9), .max_norm = 1, .nesterov = true});
}

TEST_CASE("loading a state that does not fit changes nothing") {
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
      "SGD: the state does not fit: it is the state of Adam; \"steps\": expected 1 number, got \"many\"; "
      "\"updates\" is missing; \"velocity.fc1.weight\": expected shape {4, 3}, got {2, 2}; "
      "\"velocity.fc9.bias\" does not belong to any parameter; "
      "\"velocity.fc2.weight\": expected shape {2, 4}, got {2, 4} in the other precision",
      ValueError);
  CHECK(sgd.steps() == 1);
}

TEST_CASE("an optimiser can be used through its base class") {
  Net net;
  optim::Adam<float> adam(nn::parameters(net));
  optim::Optimizer<float>& optimizer = adam;
  set_all_grads(net);
  optimizer.step();
  CHECK(optimizer.steps() == 1);
  CHECK(optimizer.momentum() == 0.9);
  CHECK_FALSE(optimizer.parameters()[0].parameter.has_grad());
}

namespace {

using Layer = nn::Linear<double>;

/// Whether a step of the optimiser changes the layer's weights.
bool trains(Layer& net, optim::Optimizer<double>& optimizer) {
  const double before = net.weight.value()(0);
  for (auto& each : nn::parameters(net)) each.parameter.set_grad(full<double>(each.parameter.shape(), 1.0));
  optimizer.step();
  for (auto& each : nn::parameters(net)) each.parameter.clear_grad();
  return net.weight.value()(0) != before;
}

auto sgd_for(Layer& net) {
  return std::make_unique<optim::SGD<double>>(nn::parameters(net),
                                              optim::SGDOptions{.learning_rate = 0.5, .momentum = 0.5});
}

}  // namespace

TEST_CASE("an optimiser follows the weights that it trains: move, swap, sort, rotate, growth of a vector") {
  Layer a(2, 1), b(2, 1);
  const auto of_a = sgd_for(a), of_b = sgd_for(b);
  std::swap(a, b);
  CHECK_FALSE(trains(a, *of_a));
  CHECK(trains(b, *of_a));
  CHECK(trains(a, *of_b));

  Layer kept = std::move(a);
  a = Layer(2, 1);
  CHECK(trains(kept, *of_b));
  CHECK_FALSE(trains(a, *of_b));
  a = std::move(kept);
  CHECK(trains(a, *of_b));

  std::vector<Layer> nets;
  std::vector<std::unique_ptr<optim::SGD<double>>> optimizers;
  std::vector<double> value;
  for (std::size_t i = 0; i < 10; ++i) {
    nets.emplace_back(2, 1);  // growth of the vector moves the previous ones
    optimizers.push_back(sgd_for(nets.back()));
    value.push_back(nets.back().weight.value()(0));
  }
  const auto by_weight = [](const Layer& p, const Layer& q) {
    return p.weight.value()(0) < q.weight.value()(0);
  };
  std::sort(nets.begin(), nets.end(), by_weight);
  std::rotate(nets.begin(), nets.begin() + 3, nets.end());
  for (std::size_t i = 0; i < 10; ++i) {
    const auto own = std::find_if(nets.begin(), nets.end(),
                                  [&](const Layer& net) { return net.weight.value()(0) == value[i]; });
    REQUIRE(own != nets.end());
    CHECK(trains(*own, *optimizers[i]));
  }
}

TEST_CASE("if one of an optimiser's models is moved over another, each parameter is updated once per step") {
  std::vector<Layer> nets;
  for (int i = 0; i < 3; ++i) nets.emplace_back(2, 1, nn::LinearOptions<double>{.bias = false});
  std::vector<ParameterHandle<double>> all;
  for (auto& net : nets) all.push_back(net.weight.handle());
  optim::SGD<double> sgd(all, {.learning_rate = 1, .momentum = 0.5});
  const auto step = [&](std::vector<double> gradients) {
    for (std::size_t i = 0; i < nets.size(); ++i) {
      nets[i].weight.handle().set_grad(full<double>({1, 2}, gradients[i]));
    }
    sgd.step();
  };
  step({1, 2, 3});
  const double second = nets[1].weight.value()(0), third = nets[2].weight.value()(0);
  nets.erase(nets.begin());
  step({0, 0});  // steps by the velocities of the remaining two
  CHECK(nets[0].weight.value()(0) == second - 1);
  CHECK(nets[1].weight.value()(0) == third - 1.5);
  CHECK(sgd.parameters().size() == 2);
}

TEST_CASE("net = best and net = Net() keep the optimiser attached") {
  Layer net(2, 1);
  const auto sgd = sgd_for(net);
  const Layer best = net;
  CHECK(trains(net, *sgd));
  net = best;
  CHECK(net.weight.value() == best.weight.value());
  CHECK(trains(net, *sgd));
  net = Layer(2, 1);
  CHECK(trains(net, *sgd));
  Layer other(2, 1);
  net = std::move(other);
  CHECK(trains(net, *sgd));
}

TEST_CASE("a step is an error, and changes nothing, if the model was destroyed") {
  auto net = std::make_unique<Layer>(2, 1);
  const auto sgd = sgd_for(*net);
  const auto handle = net->weight.handle();
  const Array<double> value = handle.value();
  CHECK(trains(*net, *sgd));
  net.reset();
  CHECK_THROWS_WITH_AS(
      sgd->step(),
      "SGD: parameter \"bias\" of shape {1} is no longer owned by a model (its model or layer was "
      "destroyed or moved from), so a step would train nothing; construct a new optimiser from "
      "nn::parameters(net)",
      ValueError);
  CHECK(sgd->steps() == 1);
  optim::SGD<double> of_a_temporary = [] {
    Layer temporary(2, 1);
    return optim::SGD<double>(nn::parameters(temporary));
  }();
  CHECK_THROWS_AS(of_a_temporary.step(), ValueError);
}

TEST_CASE("layers are nothrow movable, so that a growing vector moves rather than copies them") {
  CHECK(std::is_nothrow_move_constructible_v<Parameter<float>>);
  CHECK(std::is_nothrow_move_assignable_v<Parameter<float>>);
  CHECK(std::is_nothrow_move_constructible_v<Net>);
  CHECK(std::is_nothrow_move_constructible_v<nn::Conv1d<float>>);
  CHECK(std::is_nothrow_move_constructible_v<nn::Conv2d<float>>);
  CHECK(std::is_nothrow_move_constructible_v<nn::ConvTranspose2d<float>>);
  CHECK(std::is_nothrow_move_constructible_v<nn::BatchNorm1d<float>>);
  CHECK(std::is_nothrow_move_constructible_v<nn::BatchNorm2d<float>>);
  CHECK(std::is_nothrow_move_constructible_v<nn::Dropout>);
  CHECK(std::is_nothrow_move_constructible_v<nn::Sequential<nn::Linear<float>, nn::ReLU>>);
}
