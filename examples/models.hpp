#pragma once

#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

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

/// Two hidden layers of 256.
template <class T = float>
struct MLP {
  nn::Linear<T> fc1{784, 256}, fc2{256, 256}, fc3{256, 10};
  nn::Dropout dropout{{.keep = 0.8}};

  Variable<T> operator()(const Variable<T>& images) {
    auto h = dropout(relu(fc1(flatten(images))));
    return fc3(dropout(relu(fc2(h))));
  }
};

/// Two wide convolutions, 128 hidden.
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

}  // namespace models
