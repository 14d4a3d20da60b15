// expect: the function of elementwise has to return a number
// What the function of elementwise gives is a number.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = 1.0;
  auto y = xgrad::elementwise([](auto a) { return a < 1; }, x);
}
