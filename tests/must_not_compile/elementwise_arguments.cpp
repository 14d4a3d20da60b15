// expect: the function of elementwise takes one number for each input, as auto
// As many arguments as inputs, and none of a fixed type.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = 1.0;
  auto y = xgrad::elementwise([](double a) { return a * a; }, x);
}
