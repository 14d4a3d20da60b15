// expect: write xt::all(x > 0) or xt::any(x > 0)
// A comparison of arrays is an array, not a bool.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = {1.0, 2.0};
  if (x > 1) return 1;
}
