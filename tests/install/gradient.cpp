// A gradient, as in a user's first program.
#include <autodiff/autodiff.hpp>

#include <fmt/format.h>

using namespace xgrad;

int main() {
  Variable<double> x = xt::xarray<double>{1.0, 2.0, 3.0};  // from any xtensor expression
  Tape tape;  // records this thread's operations until it leaves scope
  auto y = sum(sin(x) * x);
  auto dx = tape.gradient(y, x);
  fmt::print("{} {}\n", y, dx);

  const xt::xarray<double> v = x.value();
  return xt::allclose(dx.value(), xt::cos(v) * v + xt::sin(v)) ? 0 : 1;
}
