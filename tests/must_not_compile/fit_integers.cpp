// expect: an array or Variable of another type than this Variable's: cast it first
// Images as bytes for a network that takes floating-point numbers, without a cast that defines their scale.
#include <nn/nn.hpp>
#include <optim/optim.hpp>

using namespace xgrad;

struct Net {
  nn::Linear<float> fc{4, 2};
  Variable<float> operator()(const Variable<float>& x) const { return fc(x); }
};

int main() {
  Net net;
  nn::DataLoader loader(Array<std::uint8_t>(Shape{8, 4}), Array<int>(Shape{8}, 0));
  optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.1});
  optim::fit(net, sgd, loader);
}
