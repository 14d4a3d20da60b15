// expect: cast one of them
// Compound assignment of Variables of two precisions.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<float> x = 1.0F;
  xgrad::Variable<double> y = 2.0;
  y += x;
}
