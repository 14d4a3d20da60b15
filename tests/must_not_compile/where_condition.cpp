// expect: the condition of where
// The condition must be an array of booleans or integers, not of numbers.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = 1.0;
  auto y = xgrad::where(xt::xarray<double>{1.0, 0.0}, x, 0.0);
}
