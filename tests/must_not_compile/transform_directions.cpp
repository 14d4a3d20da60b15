// expect: as many directions as inputs
// Each input needs a direction.
#include <autodiff/autodiff.hpp>

int main() {
  auto f = [](const auto& x, const auto& y) { return x * y; };
  auto [value, tangent] = xgrad::jvp(f, std::tuple(1.0, 2.0), std::tuple(1.0));
}
