#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include "workload.hpp"

#include <examples/models.hpp>

#include <memory>

// Training steps and inference, as a user writes them.

namespace benchmarks {
namespace {

using namespace xgrad;

/// Multiply-adds of a convolution on {size, size} images, for one image, taps in the padding left out.
double convolution(std::size_t size, std::size_t in, std::size_t out, std::size_t kernel, std::size_t padding,
                   std::size_t stride = 1) {
  const std::size_t results = (size + 2 * padding - kernel) / stride + 1;
  double inside = 0;  // taps along one axis, over all results
  for (std::size_t i = 0; i < results; ++i) {
    for (std::size_t u = 0; u < kernel; ++u) {
      const std::size_t at = i * stride + u;
      inside += at >= padding && at < size + padding;
    }
  }
  return inside * inside * static_cast<double>(in * out);
}

/// Operations of a training step: forward, by weights, and by inputs for all layers but the first.
double training_flops(std::size_t batch, std::initializer_list<double> multiply_adds) {
  double sum = 0;
  for (const double layer : multiply_adds) sum += 3 * layer;
  return 2 * static_cast<double>(batch) * (sum - *multiply_adds.begin());
}

/// The step of a model: forward, backward, descent.
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

/// Two convolutions, with the block's input added where the shape stays.
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

Step lenet(std::size_t batch) {
  return {training<models::LeNet<>>({batch, 28, 28, 1}),
          training_flops(batch, {convolution(28, 1, 6, 5, 2), convolution(14, 6, 16, 5, 0), 400 * 120,
                                 120 * 84, 84 * 10})};
}

Step cnn(std::size_t batch) {
  return {
      training<models::CNN<>>({batch, 28, 28, 1}),
      training_flops(batch, {convolution(28, 1, 32, 5, 2), convolution(14, 32, 64, 5, 2), 3136 * 128, 1280})};
}

Step mlp(std::size_t batch) {
  return {training<MLP>({batch, 784}), training_flops(batch, {784 * 512, 512 * 512, 512 * 10})};
}

Step residual() {
  const double c64 = convolution(32, 64, 64, 3, 1);
  const double c128 = convolution(16, 128, 128, 3, 1);
  const double c256 = convolution(8, 256, 256, 3, 1);
  return {training<Residual>({32, 32, 32, 64}),
          training_flops(32, {c64, c64, c64, c64, c64, c64, convolution(32, 64, 128, 3, 1, 2), c128, c128,
                              c128, c128, c128, convolution(16, 128, 256, 3, 1, 2), c256, c256, c256, 2560})};
}

Step lenet_inference() {
  auto net = std::make_shared<models::LeNet<>>();
  nn::eval(*net);
  const double flops = 2 * (convolution(28, 1, 6, 5, 2) + convolution(14, 6, 16, 5, 0) + 48000 + 10080 + 840);
  return {[net, image = random_uniform<float>({1, 28, 28, 1})] { (*net)(image); }, flops};
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
