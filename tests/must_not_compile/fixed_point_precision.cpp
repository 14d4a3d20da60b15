// expect: must have the precision of z
// f returns another precision than that of z.
#include <autodiff/autodiff.hpp>

int main() {
  xgrad::Variable<float> a = 2;
  auto z = xgrad::fixed_point([&](const xgrad::Variable<double>&) { return a * 2; }, 1.0);
}
