// expect: exp(x) instead of std::exp(x)
// The functions of the standard library take numbers.
#include <autodiff/autodiff.hpp>

#include <cmath>

int main() {
  xgrad::Variable<float> x = {1.0F, 2.0F};
  auto y = std::exp(x);
}
