// expect: no matching function for call to
// Labels must be integers.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> logits = xt::xarray<double>{1.0, 2.0};
  xt::xarray<double> label = 1.0;
  auto loss = xgrad::softmax_cross_entropy(logits, label);
}
