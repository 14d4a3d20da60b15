// Newton's method: `hessian` computes the second derivatives, `solve` the step. Near the minimum, each step
// squares the distance to it: the number of correct digits doubles.
#include <autodiff/autodiff.hpp>

#include <fmt/format.h>

#include <cmath>

using namespace xgrad;

/// Rosenbrock's function: a curved valley with its minimum at (1, 1).
Variable<double> rosenbrock(const Variable<double>& at) {
  const auto x = view(at, 0);
  const auto y = view(at, 1);
  return square(1 - x) + 100 * square(y - square(x));
}

int main() {
  Variable<double> at = xt::xarray<double>{0.5, 0.5};

  fmt::print("step          x          y   f(x, y)  distance to (1, 1)\n");
  for (int step = 0;; ++step) {
    const auto [f, gradient] = value_and_grad(rosenbrock, at);
    const double x = at.value()(0);
    const double y = at.value()(1);
    const double distance = std::hypot(x - 1, y - 1);
    fmt::print("{:4} {:10.7f} {:10.7f} {:9.2e} {:19.1e}\n", step, x, y, f.item(), distance);
    if (distance < 1e-12) return 0;
    if (step == 20) return 1;

    at = at - solve(hessian(rosenbrock, at), gradient);
  }
}
