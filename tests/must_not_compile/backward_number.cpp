// expect: backward starts from the Variable that was computed
// backward takes the loss, not its value.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = xt::xarray<double>{1.0, 2.0};
  xgrad::Tape tape;
  tape.backward(xgrad::sum(x * x).item());
}
