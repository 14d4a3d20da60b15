// expect: cast it first, xt::cast<float>(array)
// Numbers in braces convert implicitly, but arrays of integers must be cast.
#include <autodiff/autodiff.hpp>

#include XGRAD_XTENSOR_BUILDER

int main() { xgrad::Variable<double> x = xt::arange(5); }
