#pragma once

#include <autodiff/random.hpp>
#include <optim/optim.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

// Helpers for the tests of the optimisers.

namespace check {

using namespace xgrad;

/// Weights after six steps from {1, -2, 0.5} with gradients {sin(t), 0.3 t - 1.3, +-2}, t = 1, 2, ... The
/// expected values in the tests are PyTorch's (2.15, in double):
///
///     w = torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64, requires_grad=True)
///     o = torch.optim.NAME([w], lr=0.1, ...)
///     for t in range(6):
///         w.grad = torch.tensor([np.sin(t + 1.0), 0.3 * t - 1.0, (-1.0) ** t * 2], dtype=torch.float64)
///         o.step()
template <template <class> class Optimizer, class T = double, class Options>
std::vector<double> six_steps(const Options& options) {
  Array<T> start(Shape{3});
  start(0) = 1, start(1) = -2, start(2) = T(0.5);
  const Parameter<T> w(start);
  Optimizer<T> optimizer(std::vector{w.handle()}, options);
  for (int t = 0; t < 6; ++t) {
    Array<T> gradient(Shape{3});
    gradient(0) = static_cast<T>(std::sin(t + 1.0));
    gradient(1) = static_cast<T>(0.3 * t - 1.0);
    gradient(2) = t % 2 == 0 ? T(2) : T(-2);
    w.handle().set_grad(gradient);
    optimizer.step();
  }
  return {w.value().begin(), w.value().end()};
}

inline void close(const std::vector<double>& came, const std::vector<double>& expected,
                  double tolerance = 1e-13) {
  REQUIRE(came.size() == expected.size());
  for (std::size_t i = 0; i < came.size(); ++i) {
    CAPTURE(i);
    CHECK(came[i] == doctest::Approx(expected[i]).epsilon(tolerance));
  }
}

/// Compares with PyTorch's weights: in double to rounding errors, in float to its precision.
template <template <class> class Optimizer, class Options>
void against_pytorch(const Options& options, const std::vector<double>& expected) {
  close(six_steps<Optimizer>(options), expected);
  close(six_steps<Optimizer, float>(options), expected, 1e-5);
}

/// Checks that a run resumed halfway by another optimiser and model ends with bit-identical weights.
template <template <class> class Optimizer, class Options>
void goes_on_from_its_state(const Options& options) {
  const auto draw = [](Generator& generator) { return random_normal<float>({4, 3}, 0, 1, generator); };
  const auto steps = [&](Optimizer<float>& optimizer, const Parameter<float>& w, Generator& generator,
                         int count) {
    for (int t = 0; t < count; ++t) {
      w.handle().set_grad(draw(generator));
      optimizer.step();
    }
  };
  Generator gradients(3);
  const Parameter<float> whole(full<float>({4, 3}, 1.0F));
  Optimizer<float> one(std::vector<nn::NamedParameter<float>>{{"w", whole.handle()}}, options);
  steps(one, whole, gradients, 7);

  Generator again(3);
  const Parameter<float> first(full<float>({4, 3}, 1.0F));
  Optimizer<float> two(std::vector<nn::NamedParameter<float>>{{"w", first.handle()}}, options);
  steps(two, first, again, 3);
  const Parameter<float> second(Array<float>(first.value()));
  Optimizer<float> three(std::vector<nn::NamedParameter<float>>{{"w", second.handle()}}, options);
  three.load_state_dict(two.state_dict());
  CHECK(three.steps() == 3);
  steps(three, second, again, 4);
  CHECK(xt::all(xt::equal(second.value(), whole.value())));
}

}  // namespace check
