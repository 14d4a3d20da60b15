// expect: a layer is const here
// A const layer cannot be trained.
#include <nn/nn.hpp>

struct Model {
  const xgrad::nn::Linear<float> fc{2, 2};
};

int main() {
  Model model;
  xgrad::nn::parameters(model);
}
