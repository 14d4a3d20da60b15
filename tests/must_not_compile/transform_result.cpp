// expect: the function must return a Variable
// A function that returns a number cannot be differentiated.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const xgrad::Variable<double>& x) { return x.item(); };
  auto slope = xgrad::grad(f)(1.0);
}
