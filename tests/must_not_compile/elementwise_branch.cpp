// expect: instead of if, ?: and loops use where(condition, a, b)
// A comparison has a different result for each entry.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<double> x = 1.0;
  auto y = xgrad::elementwise([](auto a) { return a > 0 ? a : -a; }, x);
}
