// expect: an array or Variable of another type than this Variable's: cast it first
// Integer tokens as input of a Sequential that takes floating-point numbers.
#include <nn/nn.hpp>

int main() {
  using namespace xgrad;
  nn::Sequential net{nn::Linear<float>(4, 2), nn::ReLU{}};
  nn::evaluate(net, nn::ArrayDataset(Array<int>(Shape{8, 4}, 1), Array<int>(Shape{8}, 0)));
}
