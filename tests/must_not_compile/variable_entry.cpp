// expect: x.value()(0, 1) reads an entry
// Variables are immutable.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = {{1.0, 2.0}};
  x(0, 1) = 3;
}
