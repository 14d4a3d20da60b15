// expect: w.handle().set_value(array)
// The value of a Parameter is not rebound.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Parameter<double> w(xgrad::Array<double>{1.0, 2.0});
  w += 1.0;
}
