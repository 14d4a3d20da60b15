// expect: its layers must have one precision
// All layers of a model must have the same precision.
#include <nn/nn.hpp>

struct Model {
  xgrad::nn::Linear<float> fc1{2, 2};
  xgrad::nn::Linear<double> fc2{2, 2};
};

int main() {
  Model model;
  xgrad::nn::parameters(model);
}
