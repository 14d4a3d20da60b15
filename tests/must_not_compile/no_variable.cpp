// expect: an operation takes arrays of float or of double
// Operations that xtensor lacks take plain arrays as constants, but only of float or double.
#include <autodiff/autodiff.hpp>

int main() {
  xt::xarray<int> a = {1, 2};
  auto y = xgrad::matmul(a, a);
}
