// expect: the function cannot be called with these arguments
// A function of arrays does not accept Variables.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const xt::xarray<double>& x) { return xgrad::Variable<double>(x); };
  auto rows = xgrad::jacobian(f, xt::xarray<double>{1.0, 2.0});
}
