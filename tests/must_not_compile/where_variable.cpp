// expect: the condition of where
// A Variable is not a condition.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = {1.0, 2.0};
  auto y = xgrad::where(x, x, 0.0);
}
