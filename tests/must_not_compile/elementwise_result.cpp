// expect: the function of elementwise must return a number
// The function of elementwise returns a comparison.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = 1.0;
  auto y = xgrad::elementwise([](auto a) { return a < 1; }, x);
}
