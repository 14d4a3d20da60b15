// expect: an array or Variable of another type than this Variable's: cast it first
// Integers must be cast explicitly, or looked up by a layer that takes integers.
#include <nn/nn.hpp>

int main() {
  xgrad::nn::Sequential net{xgrad::nn::Linear<float>(4, 2), xgrad::nn::ReLU{}};
  net(xgrad::Array<int>(xgrad::Shape{8, 4}, 1));
}
