#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include "bounds.hpp"
#include "workload.hpp"

#include <examples/models.hpp>

#include <memory>

// Training steps and inference, as a user writes them.

namespace benchmarks {
namespace {

using namespace xgrad;

/// A training step of a model: forward pass, backward pass, update.
template <class Net>
std::function<void()> training(Shape images) {
  struct State {
    explicit State(const Shape& shape)
        : images(random_uniform<float>(shape)), labels(xt::arange<int>(static_cast<int>(shape[0])) % 10) {}
    Array<float> images;
    xt::xarray<int> labels;
    Net net;
    optim::SGD<float> sgd{nn::parameters(net), {.learning_rate = 0.001, .momentum = 0.9}};
  };
  seed(1);
  return [state = std::make_shared<State>(images)] {
    Tape tape;
    auto loss = nn::cross_entropy(state->net(state->images), state->labels);
    tape.backward(loss);
    state->sgd.step();
  };
}

struct MLP {
  nn::Linear<float> fc1{784, 512}, fc2{512, 512}, fc3{512, 10};

  Variable<float> operator()(const Variable<float>& x) { return fc3(relu(fc2(relu(fc1(x))))); }
};

/// Two convolutions, with the block's input added if the shape is unchanged.
struct Block {
  nn::Conv2d<float> conv1, conv2;

  Block(std::size_t in, std::size_t out)
      : conv1(in, out, 3, {.stride = in == out ? 1 : 2, .padding = 1}), conv2(out, out, 3, {.padding = 1}) {}
  auto fields() { return nn::fields("conv1", conv1, "conv2", conv2); }

  Variable<float> operator()(const Variable<float>& x) {
    auto h = conv2(relu(conv1(x)));
    return x.shape() == h.shape() ? relu(h + x) : relu(std::move(h));
  }
};

/// 16 convolutions.
struct Residual {
  Block b1{64, 64}, b2{64, 64}, b3{64, 64}, b4{64, 128}, b5{128, 128}, b6{128, 128}, b7{128, 256},
      b8{256, 256};
  nn::Linear<float> fc{256, 10};

  Variable<float> operator()(const Variable<float>& x) {
    return fc(mean(b8(b7(b6(b5(b4(b3(b2(b1(x)))))))), {1, 2}));
  }
};

const std::vector<Layer> lenet_layers{
    {.size = 28, .in = 1, .out = 6, .kernel = 5, .padding = 2, .pool = true},
    {.size = 14, .in = 6, .out = 16, .kernel = 5, .pool = true},
    {.in = 400, .out = 120},
    {.in = 120, .out = 84},
    {.in = 84, .out = 10, .relu = false},
};
const std::vector<Layer> cnn_layers{
    {.size = 28, .in = 1, .out = 32, .kernel = 5, .padding = 2, .pool = true},
    {.size = 14, .in = 32, .out = 64, .kernel = 5, .padding = 2, .pool = true},
    {.in = 3136, .out = 128},
    {.in = 128, .out = 10, .relu = false},
};
const std::vector<Layer> mlp_layers{
    {.in = 784, .out = 512}, {.in = 512, .out = 512}, {.in = 512, .out = 10, .relu = false}};

std::vector<Layer> residual_layers() {
  const auto layer = [](std::size_t size, std::size_t in, std::size_t out, std::size_t stride) {
    return Layer{.size = size, .in = in, .out = out, .kernel = 3, .padding = 1, .stride = stride};
  };
  std::vector<Layer> layers(6, layer(32, 64, 64, 1));
  layers.push_back(layer(32, 64, 128, 2));
  layers.insert(layers.end(), 5, layer(16, 128, 128, 1));
  layers.push_back(layer(16, 128, 256, 2));
  layers.insert(layers.end(), 3, layer(8, 256, 256, 1));
  layers.push_back({.in = 256, .out = 10, .relu = false});
  return layers;
}

template <class Net>
Step training_step(const Shape& images, const std::vector<Layer>& layers) {
  const std::size_t batch = images[0];
  return {.run = training<Net>(images), .flops = training_flops(batch, layers), .bound = [=] {
            return measured_bound(batch, layers, true);
          }};
}

Step lenet(std::size_t batch) { return training_step<models::LeNet<>>({batch, 28, 28, 1}, lenet_layers); }
Step cnn(std::size_t batch) { return training_step<models::CNN<>>({batch, 28, 28, 1}, cnn_layers); }
Step mlp(std::size_t batch) { return training_step<MLP>({batch, 784}, mlp_layers); }
Step residual() { return training_step<Residual>({32, 32, 32, 64}, residual_layers()); }

Step lenet_inference() {
  auto net = std::make_shared<models::LeNet<>>();
  nn::eval(*net);
  double flops = 0;
  for (const Layer& layer : lenet_layers) flops += 2 * layer.multiply_adds();
  return {.run = [net, image = random_uniform<float>({1, 28, 28, 1})] { (*net)(image); },
          .flops = flops,
          .bound = [] { return measured_bound(1, lenet_layers, false); }};
}

}  // namespace

std::vector<Workload> networks() {
  return {{"lenet_b1", [] { return lenet(1); }},
          {"lenet_b64", [] { return lenet(64); }},
          {"lenet_b512", [] { return lenet(512); }},
          {"cnn_b64", [] { return cnn(64); }},
          {"mlp_b1", [] { return mlp(1); }},
          {"mlp_b128", [] { return mlp(128); }},
          {"residual_b32", residual},
          {"lenet_infer_b1", lenet_inference}};
}

}  // namespace benchmarks
