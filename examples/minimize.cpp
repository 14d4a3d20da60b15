// Functions that are hard for gradient descent, minimised by the momentum method and by L-BFGS, with the
// reason why each stopped.
#include <autodiff/autodiff.hpp>
#include <optim/optim.hpp>

#include <fmt/format.h>

#include <cstdio>

using namespace xgrad;

Variable<double> rosenbrock(const Variable<double>& w) {
  const auto x = view(w, 0), y = view(w, 1);
  return 100 * square(y - square(x)) + square(1 - x);
}

Variable<double> beale(const Variable<double>& w) {
  const auto x = view(w, 0), y = view(w, 1);
  return square(1.5 - x + x * y) + square(2.25 - x + x * square(y)) + square(2.625 - x + x * y * square(y));
}

Variable<double> himmelblau(const Variable<double>& w) {
  const auto x = view(w, 0), y = view(w, 1);
  return square(square(x) + y - 11) + square(x + square(y) - 7);
}

Variable<double> powell(const Variable<double>& w) {
  const auto a = view(w, 0), b = view(w, 1), c = view(w, 2), d = view(w, 3);
  return square(a + 10 * b) + 5 * square(c - d) + square(square(b - 2 * c)) + 10 * square(square(a - d));
}

template <class F>
void compare(const char* name, const F& f, const xt::xarray<double>& start, double learning_rate) {
  const auto print = [&](const char* method, const auto& found) {
    fmt::print("{:<11}{:<9}{:>7}{:>8}{:>12.1e}   {}\n", name, method, found.iterations, found.evaluations,
               found.value, to_string(found.stop));
  };
  print("momentum", optim::minimize(f, start,
                                    {.method = optim::Method::gradient_descent,
                                     .iterations = 10'000,
                                     .learning_rate = learning_rate,
                                     .momentum = 0.9}));
  print("L-BFGS", optim::minimize(f, start));
}

int main() {
  fmt::print("{:<11}{:<9}{:>7}{:>8}{:>12}   {}\n", "function", "method", "steps", "calls", "value",
             "stopped because");
  compare("Rosenbrock", rosenbrock, {-1.2, 1}, 2e-4);
  compare("Beale", beale, {1, 1}, 1e-3);
  compare("Himmelblau", himmelblau, {0, 0}, 2e-3);
  compare("Powell", powell, {3, -1, 0, 1}, 5e-4);
}
