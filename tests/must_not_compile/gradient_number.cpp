// expect: a gradient is that of a Variable by a Variable
// item() is a number, which no tape knows.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = xt::xarray<double>{1.0, 2.0};
  xgrad::Tape tape;
  auto slope = tape.gradient(xgrad::sum(x * x).item(), x);
}
