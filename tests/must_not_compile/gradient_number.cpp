// expect: gradient takes a Variable and the Variable that it was computed from
// item() returns a number, which is not on the tape.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = xt::xarray<double>{1.0, 2.0};
  xgrad::Tape tape;
  auto slope = tape.gradient(xgrad::sum(x * x).item(), x);
}
