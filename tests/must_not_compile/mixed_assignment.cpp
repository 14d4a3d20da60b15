// expect: cast one of them
// A sum has one precision.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<float> x = 1.0F;
  xgrad::Variable<double> y = 2.0;
  y += x;
}
