// expect: an array or Variable of another type than this Variable's: cast it first
// gradcheck works in double, but f takes float.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const xgrad::Variable<float>& x) { return x * x; };
  auto check = xgrad::gradcheck(f, xt::xarray<double>{1.0});
}
