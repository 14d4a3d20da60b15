// expect: layers in a container that a model cannot hold
// Layers in a map would never be trained.
#include <nn/nn.hpp>

#include <map>
#include <string>

struct Model {
  std::map<std::string, xgrad::nn::Linear<float>> heads;
};

int main() {
  Model model;
  xgrad::nn::parameters(model);
}
