// expect: x.item() is the number
// A loss is a Variable with one entry, not a number.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = {1.0, 2.0};
  double loss = xgrad::sum(x);
}
