// expect: a model with a base class names its fields in one line
// The fields of a base class cannot be told apart.
#include <nn/nn.hpp>

struct Base {
  int depth;
};
struct Model : Base {
  xgrad::nn::Linear<float> fc{2, 2};
};

int main() {
  Model model;
  xgrad::nn::parameters(model);
}
