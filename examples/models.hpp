#pragma once

#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

#include <cstddef>
#include <optional>

// The models of the main example, for images {N, 28, 28, 1} of ten classes. Each returns logits {N, 10}.

namespace models {

using namespace xgrad;

/// LeNet-5 (LeCun et al., 1998) with ReLU, max-pooling and a little dropout.
template <class T = float>
struct LeNet {
  nn::Conv2d<T> conv1{1, 6, 5, {.padding = 2}};
  nn::Conv2d<T> conv2{6, 16, 5};
  nn::Linear<T> fc1{400, 120}, fc2{120, 84}, fc3{84, 10};
  nn::Dropout dropout{{.keep = 0.9}};

  Variable<T> operator()(const Variable<T>& images) {
    auto h = max_pool2d(relu(conv1(images)), 2);
    h = max_pool2d(relu(conv2(h)), 2);
    h = dropout(relu(fc1(flatten(h))));
    return fc3(relu(fc2(h)));
  }
};

/// Two hidden layers of 256 units.
template <class T = float>
struct MLP {
  nn::Linear<T> fc1{784, 256}, fc2{256, 256}, fc3{256, 10};
  nn::Dropout dropout{{.keep = 0.8}};

  Variable<T> operator()(const Variable<T>& images) {
    auto h = dropout(relu(fc1(flatten(images))));
    return fc3(dropout(relu(fc2(h))));
  }
};

/// Two wide convolutions, and a hidden layer of 128 units.
template <class T = float>
struct CNN {
  nn::Conv2d<T> conv1{1, 32, 5, {.padding = "same"}};
  nn::Conv2d<T> conv2{32, 64, 5, {.padding = "same"}};
  nn::Linear<T> fc1{3136, 128}, fc2{128, 10};
  nn::Dropout dropout{{.keep = 0.8}};

  Variable<T> operator()(const Variable<T>& images) {
    auto h = max_pool2d(relu(conv1(images)), 2);
    h = max_pool2d(relu(conv2(h)), 2);
    return fc2(dropout(relu(fc1(flatten(h)))));
  }
};

/// Two convolutions with batch normalisation; the input, or a projection of it, is added to their output.
template <class T = float>
struct ResidualBlock {
  ResidualBlock(std::size_t in, std::size_t out, std::size_t stride)
      : conv1(in, out, 3, {.stride = stride, .padding = 1, .bias = false}),
        bn1(out),
        conv2(out, out, 3, {.padding = 1, .bias = false}),
        bn2(out) {
    if (in != out || stride != 1) projection.emplace(in, out, 1, nn::Conv2dOptions<T>{.stride = stride});
  }

  Variable<T> operator()(const Variable<T>& x) {
    const auto h = bn2(conv2(relu(bn1(conv1(x)))));
    return relu(h + (projection ? (*projection)(x) : x));
  }

  auto fields() {
    return nn::fields("conv1", conv1, "bn1", bn1, "conv2", conv2, "bn2", bn2, "projection", projection);
  }

  nn::Conv2d<T> conv1;
  nn::BatchNorm2d<T> bn1;
  nn::Conv2d<T> conv2;
  nn::BatchNorm2d<T> bn2;
  std::optional<nn::Conv2d<T>> projection;
};

/// A residual network of nine convolutions (He et al., 2016), with fewer channels where images are large.
template <class T = float>
struct ResNet {
  nn::Conv2d<T> conv{1, 32, 3, {.padding = 1, .bias = false}};
  nn::BatchNorm2d<T> bn{32};
  ResidualBlock<T> block1{32, 64, 2};
  ResidualBlock<T> block2{64, 64, 1};
  ResidualBlock<T> block3{64, 128, 2};
  ResidualBlock<T> block4{128, 128, 1};
  nn::Linear<T> fc{128, 10};

  Variable<T> operator()(const Variable<T>& images) {
    const auto h = relu(bn(conv(images)));             // {N, 28, 28, 32}
    const auto g = block4(block3(block2(block1(h))));  // {N, 7, 7, 128}
    return fc(global_avg_pool2d(g));
  }
};

}  // namespace models
