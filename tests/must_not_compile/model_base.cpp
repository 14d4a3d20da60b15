// expect: a model with a base class must list its fields
// The fields of a base class cannot be enumerated.
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
