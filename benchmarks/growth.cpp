#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include "workload.hpp"

#include <examples/models.hpp>
#include <fmt/format.h>

#include <memory>

// How the time of a step grows with the batch, the depth of a network and the length of the tape. It should
// be proportional to `operations`.

namespace benchmarks {
namespace {

using namespace xgrad;

Step batch(std::size_t images) {
  struct State {
    explicit State(std::size_t count)
        : images(random_uniform<float>({count, 28, 28, 1})),
          labels(xt::arange<int>(static_cast<int>(count)) % 10) {}
    Array<float> images;
    xt::xarray<int> labels;
    models::CNN<> net;
    optim::SGD<float> sgd{nn::parameters(net), {.learning_rate = 0.001, .momentum = 0.9}};
  };
  return {.run =
              [state = std::make_shared<State>(images)] {
                Tape tape;
                tape.backward(nn::cross_entropy(state->net(state->images), state->labels));
                state->sgd.step();
              },
          .operations = static_cast<double>(images)};
}

/// Layers of 64 units, with ReLU between.
Step depth(std::size_t layers) {
  auto net = std::make_shared<std::vector<nn::Linear<float>>>();
  for (std::size_t i = 0; i < layers; ++i) net->emplace_back(64, 64);
  return {.run =
              [net, x = random_uniform<float>({64, 64})] {
                Tape tape;
                Variable<float> h = constant(x);
                for (auto& layer : *net) h = relu(layer(h));
                tape.backward(mean(h));
              },
          .operations = static_cast<double>(layers)};
}

/// `count` operations on one number.
Step length(std::size_t count) {
  return {.run =
              [count, x = Variable<float>(0.5F)] {
                Tape tape;
                Variable<float> h = x;
                for (std::size_t i = 0; i < count / 2; ++i) h = tanh(h * 1.0001F);
                tape.gradient(h, x);
              },
          .operations = static_cast<double>(count)};
}

}  // namespace

std::vector<Workload> growth() {
  std::vector<Workload> all;
  for (const std::size_t n : {16, 32, 64, 128, 256, 512}) {
    all.push_back({fmt::format("growth_batch_{}", n), [n] { return batch(n); }});
  }
  for (const std::size_t n : {10, 100, 1000}) {
    all.push_back({fmt::format("growth_depth_{}", n), [n] { return depth(n); }});
  }
  for (const std::size_t n : {1'000, 10'000, 100'000, 1'000'000, 10'000'000}) {
    all.push_back({fmt::format("growth_tape_{}", n), [n] { return length(n); }});
  }
  return all;
}

}  // namespace benchmarks
