// A model is a plain struct: it learns two classes of synthetic images, is saved, and is loaded again.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include <cstdint>
#include <iostream>
#include <utility>
#include <vector>

using namespace xgrad;

template <class T = float>
struct LeNet {
  nn::Conv2d<T> conv1{1, 6, 5, {.padding = 2}};
  nn::Conv2d<T> conv2{6, 16, 5};
  nn::Linear<T> fc1{400, 120}, fc2{120, 84}, fc3{84, 10};
  nn::Dropout dropout{{.keep = 0.5}};

  Variable<T> operator()(const Variable<T>& images) {  // {N, H, W, C}
    auto h = max_pool2d(relu(conv1(images)), 2);
    h = max_pool2d(relu(conv2(h)), 2);
    h = dropout(relu(fc1(flatten(h))));
    return fc3(relu(fc2(h)));  // logits {N, 10}
  }
};

int main() {
  seed(1);

  // Class 0 is bright in the upper half, class 1 in the lower.
  std::vector<std::pair<xt::xarray<float>, xt::xarray<std::uint8_t>>> loader;
  for (int batch = 0; batch < 60; ++batch) {
    xt::xarray<float> images = random_uniform<float>({8, 28, 28, 1}, 0.0F, 0.5F);
    xt::xarray<std::uint8_t> labels = xt::zeros<std::uint8_t>({8});
    for (std::size_t i = 0; i < 8; ++i) {
      labels(i) = static_cast<std::uint8_t>(i % 2);
      const std::size_t top = i % 2 == 0 ? 0 : 14;
      xt::view(images, i, xt::range(top, top + 14)) += 0.5F;
    }
    loader.emplace_back(std::move(images), std::move(labels));
  }

  LeNet<> net;
  optim::SGD<float> sgd(nn::parameters(net),
                        {.learning_rate = 0.01, .momentum = optim::increasing_momentum(0.9)});
  float first = 0, last = 0;
  for (auto [images, labels] : loader) {
    Tape tape;
    auto loss = nn::cross_entropy(net(images), labels);  // mean over the batch
    tape.backward(loss);                                 // adds into each parameter's grad()
    sgd.step();                                          // uses the gradients, then clears them
    last = loss.item();
    if (first == 0) first = last;
  }
  nn::save(net, "lenet.safetensors");

  LeNet<> other;
  nn::load(other, "lenet.safetensors");
  nn::eval(net);
  nn::eval(other);
  const auto& images = loader.front().first;
  const bool same = net(images).value() == other(images).value();

  std::cout << "loss " << first << " -> " << last << (same ? "\n" : ", and loading changed the model\n");
  return same && last < 0.5F * first ? 0 : 1;
}
