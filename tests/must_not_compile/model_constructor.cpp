// expect: a class with constructors or private fields must list its fields
// A class with constructors that does not name its fields.
#include <nn/nn.hpp>

struct Model {
  Model() {}
  xgrad::nn::Linear<float> fc{2, 2};
};

int main() {
  Model model;
  xgrad::nn::parameters(model);
}
