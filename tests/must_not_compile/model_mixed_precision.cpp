// expect: its layers must have one precision
// A model has one precision.
#include <nn/nn.hpp>

struct Model {
  xgrad::nn::Linear<float> fc1{2, 2};
  xgrad::nn::Linear<double> fc2{2, 2};
};

int main() {
  Model model;
  xgrad::nn::parameters(model);
}
