// expect: this layer or loss takes float or double, not integers
// Layers compute in float or double.
#include <nn/nn.hpp>

int main() { xgrad::nn::ReLU{}(xt::xarray<int>{1, -2}); }
