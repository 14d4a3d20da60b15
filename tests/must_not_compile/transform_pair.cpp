// expect: the function has to return a Variable
// Nor has one that returns two Variables: they are two functions.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const xgrad::Variable<double>& x) { return std::pair(x, x); };
  auto both = xgrad::vjp(f, 1.0);
}
