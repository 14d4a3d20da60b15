// expect: no matching function for call to
// Without a Variable among its arguments a call is xtensor's, where xtensor has such a function.
#include <autodiff/autodiff.hpp>

int main() {
  xt::xarray<double> a = {1.0, 2.0};
  auto y = xgrad::matmul(a, a);
}
