// expect: or cast<float>(variable)
// A Variable of another precision must be cast explicitly.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = 1.0;
  xgrad::Variable<float> y = x;
}
