// expect: the function must return a Variable
// A function that returns two Variables cannot be transformed: split it into two functions.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const xgrad::Variable<double>& x) { return std::pair(x, x); };
  auto both = xgrad::vjp(f, 1.0);
}
