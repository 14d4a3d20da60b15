// expect: layers in a container that a model cannot hold
// The keys of a map become parts of parameter names and must be strings or integers.
#include <nn/nn.hpp>

#include <map>

struct Model {
  std::map<double, xgrad::nn::Linear<float>> heads;
};

int main() {
  Model model;
  xgrad::nn::parameters(model);
}
