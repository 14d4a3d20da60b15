// expect: there is no argument with this index
// The indices of arguments count from 0.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const xgrad::Variable<double>& x, const xgrad::Variable<double>& y) { return x * y; };
  auto slopes = xgrad::grad<1, 2>(f)(1.0, 2.0);
}
