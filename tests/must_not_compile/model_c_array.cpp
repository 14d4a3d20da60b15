// expect: a field of this struct is a C array
// A C array of values in a model.
#include <nn/nn.hpp>

struct Model {
  int sizes[3];
  xgrad::nn::Linear<float> fc{2, 2};
};

int main() {
  Model model;
  xgrad::nn::parameters(model);
}
