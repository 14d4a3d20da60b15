// expect: the function of elementwise must take one number for each input, as auto
// The function must take as many arguments as there are inputs, with generic types.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = 1.0;
  auto y = xgrad::elementwise([](double a) { return a * a; }, x);
}
