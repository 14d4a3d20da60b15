// expect: an index must be an integer
// Indices must be integers.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = xt::xarray<double>{1.0, 2.0};
  auto part = view(x, 0.5);
}
