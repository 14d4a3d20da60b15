// Transforms: functions in, functions or values out.
#include <autodiff/autodiff.hpp>

#include <cmath>
#include <iostream>

using namespace xgrad;

int main() {
  Variable<double> x = xt::xarray<double>{0.5, -1.0, 2.0};

  auto f = [](const Variable<double>& v) { return sum(exp(v) * v); };
  auto df = grad(f);
  auto [value, slope] = value_and_grad(f, x);

  const xt::xarray<double> v = x.value();
  const xt::xarray<double> expected = xt::exp(v) * (v + 1.0);
  bool right = xt::allclose(df(x).value(), expected) && xt::allclose(slope.value(), expected) &&
               xt::allclose(value.value(), xt::sum(xt::exp(v) * v));

  auto g = [](const Variable<double>& s) { return sin(s) * s; };
  auto second = grad(grad(g))(Variable<double>(0.7)).item();
  right = right && std::abs(second - (2.0 * std::cos(0.7) - 0.7 * std::sin(0.7))) < 1e-12;

  if (!right)
    std::cerr << "value " << value << ", slope " << slope << ", second derivative " << second << '\n';
  return right ? 0 : 1;
}
