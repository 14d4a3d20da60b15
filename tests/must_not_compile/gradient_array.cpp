// expect: a gradient is that of a Variable by a Variable
// An array is not on the tape, and a Variable made of it now would not be either.
#include <autodiff/autodiff.hpp>

int main() {
  xt::xarray<double> a{1.0, 2.0};
  xgrad::Variable<double> x = a;
  xgrad::Tape tape;
  auto y = xgrad::sum(x * x);
  auto slope = tape.gradient(y, a);
}
