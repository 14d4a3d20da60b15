// expect: a direction must have the precision of its input
// The direction of an hvp has another precision than the input.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const auto& x) { return x * x; };
  auto product = xgrad::hvp(f, xt::xarray<double>{1.0}, xt::xarray<float>{1.0F});
}
