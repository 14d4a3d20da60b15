// A gradient: record a computation, then ask the tape for the gradient.
#include <autodiff/autodiff.hpp>

#include <fmt/format.h>

using namespace xgrad;

int main() {
  Variable<double> x = xt::xarray<double>{1.0, 2.0, 3.0};

  Tape tape;  // records this thread's operations until it leaves scope
  auto y = sum(sin(x) * x);
  auto dx = tape.gradient(y, x);  // sin(x) + x cos(x)

  fmt::print("x     = {}\n", x);
  fmt::print("y     = {}\n", y);
  fmt::print("dy/dx = {}\n", dx);
}
