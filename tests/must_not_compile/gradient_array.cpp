// expect: gradient takes a Variable and the Variable that it was computed from
// An array is not on the tape, and neither would be a Variable made of it now.
#include <autodiff/autodiff.hpp>

int main() {
  xt::xarray<double> a{1.0, 2.0};
  xgrad::Variable<double> x = a;
  xgrad::Tape tape;
  auto y = xgrad::sum(x * x);
  auto slope = tape.gradient(y, a);
}
