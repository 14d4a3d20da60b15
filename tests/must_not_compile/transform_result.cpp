// expect: the function has to return a Variable
// A function that is differentiated returns a Variable.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const xgrad::Variable<double>& x) { return x.item(); };
  auto slope = xgrad::grad(f)(1.0);
}
