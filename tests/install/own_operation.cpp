// A user-defined operation is a function: its value, and one pullback per input.
#include <autodiff/autodiff.hpp>

#include <iostream>

using namespace xgrad;

template <class T>
Variable<T> cube(const Variable<T>& x) {
  return operation("cube", xt::xarray<T>(x.value() * x.value() * x.value()),
                   {x, [x](const Variable<T>& g) { return T(3) * x * x * g; }});
}

template <class T>
Variable<T> product(const Variable<T>& a, const Variable<T>& b) {
  return operation(
      "product", xt::xarray<T>(a.value() * b.value()),
      {{a, [b](const Variable<T>& g) { return g * b; }}, {b, [a](const Variable<T>& g) { return g * a; }}});
}

template <class T>
bool check(T tolerance) {
  Variable<T> x = xt::xarray<T>{T(1), T(-2), T(3)};
  const xt::xarray<T> v = x.value();

  Tape outer;
  Tape tape;
  auto first = tape.gradient(sum(product(cube(x), x)), x);  // x^4
  auto second = outer.gradient(sum(first), x);
  return xt::allclose(first.value(), T(4) * v * v * v, double(tolerance)) &&
         xt::allclose(second.value(), T(12) * v * v, double(tolerance));
}

int main() {
  const bool right = check<double>(1e-12) && check<float>(1e-5F);
  if (!right) std::cerr << "a derivative of cube or product is wrong\n";

  GradCheck checked = gradgradcheck([](const Variable<double>& x) { return sum(cube(x)); },
                                    Variable<double>(xt::xarray<double>{0.5, -1.5}));
  if (!checked.ok) std::cerr << checked.message << '\n';
  return right && checked.ok ? 0 : 1;
}
