// expect: nn::Dropout({.keep = 0.9})
// Ambiguous: the probability to keep or to drop a node.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

int main() { xgrad::nn::Dropout dropout(0.5); }
