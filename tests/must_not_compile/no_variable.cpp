// expect: an operation takes arrays of float or of double
// Operations that xtensor has not take arrays without a Variable as constants; integers have no gradient.
#include <autodiff/autodiff.hpp>

int main() {
  xt::xarray<int> a = {1, 2};
  auto y = xgrad::matmul(a, a);
}
