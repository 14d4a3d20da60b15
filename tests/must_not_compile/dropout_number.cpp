// expect: nn::Dropout({.keep = 0.9})
// The probability to keep, or to drop?
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

int main() { xgrad::nn::Dropout dropout(0.5); }
