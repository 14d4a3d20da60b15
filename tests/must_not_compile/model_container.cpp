// expect: layers in a container that a model cannot hold
// Names of parameters come from keys that are texts or integers.
#include <nn/nn.hpp>

#include <map>

struct Model {
  std::map<double, xgrad::nn::Linear<float>> heads;
};

int main() {
  Model model;
  xgrad::nn::parameters(model);
}
