// expect: cast it first, xt::cast<float>(array)
// An array in double for a layer in float.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

int main() {
  xgrad::nn::Linear<float> layer(3, 3);
  auto y = layer(xt::xarray<double>{1.0, 2.0, 3.0});
}
