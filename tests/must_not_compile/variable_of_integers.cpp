// expect: cast it first, xt::cast<float>(array)
// Numbers in braces convert, arrays of integers are cast.
#include <autodiff/autodiff.hpp>

#include XGRAD_XTENSOR_BUILDER

int main() { xgrad::Variable<double> x = xt::arange(5); }
