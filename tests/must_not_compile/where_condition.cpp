// expect: the condition of where
// Numbers are no conditions.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = 1.0;
  auto y = xgrad::where(xt::xarray<double>{1.0, 0.0}, x, 0.0);
}
