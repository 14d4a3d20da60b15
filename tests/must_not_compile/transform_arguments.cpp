// expect: an array or Variable of another type than this Variable's: cast it first
// A number is passed as an input in double, but f takes float.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const xgrad::Variable<float>& x) { return x * x; };
  auto rows = xgrad::jacobian(f, 1.0);
}
