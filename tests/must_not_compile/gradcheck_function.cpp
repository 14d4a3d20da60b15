// expect: an array or Variable of another type than this Variable's: cast it first
// Gradients are checked in double.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const xgrad::Variable<float>& x) { return x * x; };
  auto check = xgrad::gradcheck(f, xt::xarray<double>{1.0});
}
