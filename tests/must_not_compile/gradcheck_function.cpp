// expect: takes as many Variable<double> as there are inputs
// Gradients are checked in double.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const xgrad::Variable<float>& x) { return x * x; };
  auto check = xgrad::gradcheck(f, xt::xarray<double>{1.0});
}
