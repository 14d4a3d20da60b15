// expect: the copy of a model has parameters of its own
// A checkpoint stores a copy of its function: gradients would go to the copy of a model and be lost.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>

struct Model {
  xgrad::nn::Linear<float> fc{2, 2};
  xgrad::Variable<float> operator()(const xgrad::Variable<float>& x) const { return fc(x); }
};

int main() {
  Model model;
  auto y = xgrad::checkpoint(model, xgrad::Variable<float>(xt::xarray<float>{1, 2}));
}
