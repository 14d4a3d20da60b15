// An implicit layer: its output is the z that solves z = tanh(W z + U x + b), the output of a network with
// infinitely many equal layers (S. Bai, J. Z. Kolter and V. Koltun, Deep equilibrium models, 2019). The tape
// records the equation, not the iterations that solve it; the gradient is that of the solution.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include <fmt/format.h>

#include <cmath>
#include <numbers>

using namespace xgrad;

struct Equilibrium {
  Parameter<double> weight{nn::glorot_uniform<double>({32, 32})};
  nn::Linear<double> input{2, 32};
  nn::Linear<double> output{32, 1};

  /// One layer, z -> tanh(W z + U x + b). The norm of W is kept below 1, so that the map is a contraction
  /// with one fixed point.
  auto layer(const Variable<double>& x) const {
    const auto w = weight * (0.9 / maximum(1, sqrt(sum(square(weight)))));
    return [w, u = input(x)](const Variable<double>& z) { return tanh(matmul(z, w) + u); };
  }

  Variable<double> start(const Variable<double>& x) const { return full<double>({x.shape(0), 32}, 0); }

  Variable<double> operator()(const Variable<double>& x) const {
    return flatten(output(fixed_point(layer(x), start(x))), 0);
  }

  /// The same with 300 layers, all of them recorded.
  Variable<double> unrolled(const Variable<double>& x) const {
    const auto next = layer(x);
    Variable<double> z = start(x);
    for (int i = 0; i < 300; ++i) z = next(z);
    return flatten(output(z), 0);
  }
};

int main() {
  // Two interleaved spirals, one for each class.
  constexpr std::size_t count = 200;
  Array<double> points(Shape{count, 2});
  Array<int> labels(Shape{count});
  for (std::size_t i = 0; i < count; ++i) {
    labels(i) = static_cast<int>(i % 2);
    const double radius = 0.2 + 1.8 * static_cast<double>(i) / count;
    const double angle = std::numbers::pi * (1.2 * radius + labels(i));
    points(i, 0) = radius * std::cos(angle);
    points(i, 1) = radius * std::sin(angle);
  }

  seed(1);
  Equilibrium net;
  optim::SGD<double> sgd(nn::parameters(net), {.learning_rate = 0.1, .momentum = 0.9});
  for (int step = 0; step <= 500; ++step) {
    Tape tape;
    const auto logits = net(points);
    const auto loss = nn::binary_cross_entropy_with_logits(logits, labels);
    if (step % 100 == 0) {
      const double right = xt::mean(xt::equal(logits.value() > 0.0, labels > 0))();
      fmt::print("step {:3}  loss {:.4f}  {:5.1f} % right\n", step, loss.item(), 100 * right);
    }
    tape.backward(loss);
    sgd.step();
  }

  // The gradient with respect to W, and how much was recorded for it.
  const auto gradient = [&](const auto& f) {
    Tape tape;
    const auto loss = nn::binary_cross_entropy_with_logits(f(points), labels);
    return std::pair(tape.gradient(loss, Variable<double>(net.weight)).value(), tape.size());
  };
  const auto [implicit, few] = gradient([&](const auto& x) { return net(x); });
  const auto [unrolled, many] = gradient([&](const auto& x) { return net.unrolled(x); });
  const double difference = xt::amax(xt::abs(implicit - unrolled))() / xt::amax(xt::abs(unrolled))();
  fmt::print("\nthe gradient by W differs from that through 300 layers by {:.0e} of its largest entry\n",
             difference);
  fmt::print("recorded: {} operations and inputs, with 300 layers {}\n", few, many);
}
