// expect: everything else, a model by reference
// A solver stores copies of its arguments: gradients would go to the copy of a model and be lost.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

struct Model {
  xgrad::nn::Linear<float> fc{2, 2};
};

int main() {
  Model model;
  auto z = xgrad::fixed_point([](const auto& at, const auto& net) { return net.fc(at); },
                              xt::xarray<float>{1, 2}, model);
}
