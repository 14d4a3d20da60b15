// expect: derivatives are taken with respect to Variables, numbers, and arrays in float or double
// There are no derivatives with respect to integers.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const auto& x) { return sum(x); };
  auto slope = xgrad::grad(f)(xt::xarray<int>{1, 2});
}
