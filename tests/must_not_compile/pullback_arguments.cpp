// expect: a Variable is not a number: x.item() is the number in a Variable of one entry
// A pullback must take the cotangent as a Variable.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = 1.0;
  auto y = xgrad::operation("copy", xt::xarray<double>(x.value()), {x, [](double g) { return g; }});
}
