// expect: derivatives are taken by Variables, numbers, and arrays in float or double
// Nor by what is no array.
#include <autodiff/autodiff.hpp>

#include <string>

int main() {
  auto f = [](const auto& x) { return sum(x); };
  auto slope = xgrad::value_and_grad(f, std::string("x"));
}
