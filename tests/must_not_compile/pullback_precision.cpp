// expect: a pullback returns the cotangent of its input, a Variable of the input's precision
// A pullback returns the cotangent in the precision of the result, not of its input.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<float> x = 1.0F;
  auto y = xgrad::operation("widen", xt::xarray<double>(1.0),
                            {x, [](const xgrad::Variable<double>& g) { return g; }});
}
