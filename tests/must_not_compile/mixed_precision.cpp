// expect: cast the array
// An array of another precision must be cast explicitly.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<float> x = xt::xarray<float>{1.0F, 2.0F};
  xt::xarray<double> a = {1.0, 2.0};
  auto y = x * a;
}
