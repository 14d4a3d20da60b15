// expect: the function must return a Variable
// A function that returns nothing has no derivative.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const xgrad::Variable<double>&) {};
  auto matrix = xgrad::hessian(f, 1.0);
}
