// expect: derivatives are taken with respect to Variables, numbers, and arrays in float or double
// There are no derivatives with respect to objects that are not arrays.
#include <autodiff/autodiff.hpp>

#include <string>

int main() {
  auto f = [](const auto& x) { return sum(x); };
  auto slope = xgrad::value_and_grad(f, std::string("x"));
}
