// expect: a pullback is callable as f(g) or f(g, y), with Variables of the operation's type
// A cotangent is a Variable, not a number.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = xt::xarray<double>{1.0, 2.0};
  auto y = xgrad::operation("copy", x.value(), {x, [](double g) { return g; }});
}
