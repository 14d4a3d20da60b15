// expect: what chooses a part of an array is an integer
// A part is not chosen by numbers that are no integers.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = xt::xarray<double>{1.0, 2.0};
  auto part = view(x, 0.5);
}
