// expect: the inputs of an operation are Variables
// An array as an input of a custom operation.
#include <autodiff/autodiff.hpp>

int main() {
  xt::xarray<double> a{1.0, 2.0};
  auto y = xgrad::operation("copy", a, {a, [](const xgrad::Variable<double>& g) { return g; }});
}
