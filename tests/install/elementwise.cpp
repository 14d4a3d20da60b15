// A user-defined formula in one fused pass, and a function that is recomputed in the backward pass.
#include <autodiff/autodiff.hpp>

#include <cmath>
#include <functional>
#include <iostream>
#include <vector>

using namespace xgrad;

int main() {
  Variable<float> p = xt::xarray<float>{{1, 2, 3}, {4, 5, 6}};
  Variable<float> q = xt::xarray<float>{0.5, 0.25, 0.125};
  const auto bell = [](auto a, auto b) { return a * exp(-b * b); };

  Tape tape;
  const auto w = elementwise(bell, p, q);
  const auto huber = elementwise(
      [](auto a, auto limit) { return where(abs(a) < limit, a * a / 2, limit * (abs(a) - limit / 2)); }, w,
      2.0);
  const auto again = checkpoint([&](const auto& x) { return sum(x * p); }, huber);
  const auto gradients = tape.gradient(again, std::vector<Variable<float>>{p, q});

  // The same with separate operations.
  const auto factor = exp(-q * q);
  const auto v = p * factor;
  const auto size = v;  // it is positive
  const auto apart = sum(where(v.value() < 2.0F, v * v / 2, 2 * (size - 1)) * p);
  const auto expected = tape.gradient(apart, std::vector<Variable<float>>{p, q});
  bool right = std::abs(again.item() - apart.item()) < 1e-4F;
  for (std::size_t k = 0; k < 2; ++k) {
    right = right && xt::allclose(gradients[k].value(), expected[k].value(), 1e-4);
  }
  if (!right) std::cerr << again << " instead of " << apart << '\n';
  return right && std::abs(bell(2.0, 1.0) - 2.0 * std::exp(-1.0)) < 1e-12 ? 0 : 1;
}
