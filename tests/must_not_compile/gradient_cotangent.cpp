// expect: a cotangent must have the precision of the result
// A cotangent of another precision.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = xt::xarray<double>{1.0, 2.0};
  xgrad::Variable<float> u = xt::xarray<float>{1.0F, 2.0F};
  xgrad::Tape tape;
  auto slope = tape.gradient(x * x, x, u);
}
