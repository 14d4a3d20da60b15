// expect: w.handle().set_value(array)
// += would rebind the Parameter to another value.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Parameter<double> w(xgrad::Array<double>{1.0, 2.0});
  w += 1.0;
}
