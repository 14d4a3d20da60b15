// A user-defined operation is a function that returns its value with its pullback. This program has a correct
// one and one with a mistake, and prints what the numerical check reports for each.
#include <autodiff/autodiff.hpp>

#include <fmt/format.h>

using namespace xgrad;

template <class T>
Variable<T> cube(const Variable<T>& x) {
  return operation("cube", xt::xarray<T>(x.value() * x.value() * x.value()),
                   {x, [x](const Variable<T>& g) { return T(3) * x * x * g; }});
}

template <class T>
Variable<T> wrong_cube(const Variable<T>& x) {
  return operation("wrong_cube", xt::xarray<T>(x.value() * x.value() * x.value()),
                   {x, [x](const Variable<T>& g) { return T(2) * x * x * g; }});
}

int main() {
  const Variable<double> x = xt::xarray<double>{-1.0, 0.5, 2.0};

  const GradCheck first = gradcheck(cube<double>, x);
  const GradCheck second = gradgradcheck(cube<double>, x);
  const GradCheck wrong = gradcheck(wrong_cube<double>, x);

  fmt::print("cube: {}\n      {}\n\n", first.message, second.message);
  fmt::print("wrong_cube: {}\n", wrong.message);
  return first.ok && second.ok && !wrong.ok ? 0 : 1;
}
