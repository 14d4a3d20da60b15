// expect: a joint pullback returns a range with one Variable
// A joint pullback that returns one cotangent for two inputs.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = xt::xarray<double>{1.0, 2.0};
  auto y = xgrad::operation("sum", x.value() + x.value(), {x, x},
                            [](const xgrad::Variable<double>& g) { return g; });
}
