// Checking a gradient numerically.
#include <autodiff/autodiff.hpp>

#include <iostream>

using namespace xgrad;

int main() {
  Variable<double> image = random_normal<double>({2, 6, 5, 3});
  Variable<double> kernel = random_normal<double>({4, 3, 3, 3});
  GradCheck check =
      gradcheck([](const Variable<double>& a,
                   const Variable<double>& k) { return conv2d(a, k, {.stride = 2, .padding = 1}); },
                image, kernel);
  if (!check.ok) std::cerr << check.message << '\n';

  Variable<double> x = random_normal<double>({4});
  auto f = [](const Variable<double>& v) { return sum(exp(v) * v); };
  GradCheck second = gradgradcheck(f, x);
  if (!second.ok) std::cerr << second.message << '\n';

  // A wrong pullback is detected.
  auto wrong = [](const Variable<double>& v) {
    return operation("wrong", Array<double>(v.value() * v.value()),
                     {v, [v](const Variable<double>& g) { return 2.001 * v * g; }});
  };
  GradCheck caught = gradcheck(wrong, x);
  if (caught.ok) std::cerr << "a wrong pullback passed\n";

  return check.ok && second.ok && !caught.ok ? 0 : 1;
}
