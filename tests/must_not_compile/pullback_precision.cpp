// expect: a pullback returns a Variable of its input's precision
// A pullback returns the cotangent of its input.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<float> x = 1.0F;
  auto y = xgrad::operation("widen", xt::xarray<double>(1.0),
                            {x, [](const xgrad::Variable<double>& g) { return g; }});
}
