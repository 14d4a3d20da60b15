// expect: cast one of them
// Variables of two precisions do not mix.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<float> x = xt::xarray<float>{1.0F, 2.0F};
  xgrad::Variable<double> y = xt::xarray<double>{1.0, 2.0};
  auto z = x + y;
}
