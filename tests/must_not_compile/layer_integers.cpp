// expect: this layer or loss takes float or double, not integers
// Layers compute with numbers.
#include <nn/nn.hpp>

int main() { xgrad::nn::ReLU{}(xt::xarray<int>{1, -2}); }
