// expect: cast it first, xt::cast<float>(array)
// An array of another precision must be cast explicitly.
#include <autodiff/autodiff.hpp>

int main() { xgrad::Variable<float> x = xt::xarray<double>{1.0, 2.0}; }
