// The training loop of optim::fit, written by hand: a network learns to tell two interleaved spirals apart.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include <cmath>
#include <cstdio>
#include <numbers>

using namespace xgrad;

/// Points {N, 2} near two spirals, and the index of the spiral of each.
nn::Batch<double, int> spirals(std::size_t count, Generator& generator) {
  nn::Batch<double, int> points{random_normal<double>({count, 2}, 0.0, 0.05, generator),
                                Array<int>(Shape{count})};
  for (std::size_t n = 0; n < count; ++n) {
    const double along = std::sqrt(static_cast<double>(n) / static_cast<double>(count));
    const double angle = 3 * std::numbers::pi * along + (n % 2 == 0 ? 0 : std::numbers::pi);
    points.inputs(n, 0) += along * std::cos(angle);
    points.inputs(n, 1) += along * std::sin(angle);
    points.targets(n) = static_cast<int>(n % 2);
  }
  return points;
}

struct Net {
  nn::Linear<double> fc1{2, 64}, fc2{64, 64}, fc3{64, 2};
  Variable<double> operator()(const Variable<double>& x) const { return fc3(relu(fc2(relu(fc1(x))))); }
};

int main() {
  seed(1);
  Generator generator(2);
  const nn::ArrayDataset train(spirals(2000, generator)), validation(spirals(500, generator));
  nn::DataLoader<double, int> loader(train, {.batch = 32, .seed = 3});

  Net net;
  const std::size_t epochs = 40;
  optim::SGD<double> sgd(
      nn::parameters(net),
      {.learning_rate = optim::cosine_decay(0.1, epochs * loader.batches()), .momentum = 0.9});
  optim::EarlyStopping stopping(net, {.patience = 10});

  for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
    double mean = 0;  // of the epoch
    for (auto [points, labels] : loader) {
      Tape tape;
      const auto loss = nn::cross_entropy(net(points), labels);  // the mean over the batch
      tape.backward(loss);                                       // adds into each parameter's grad()
      sgd.step();                                                // uses the gradients, then clears them
      mean += loss.item() * static_cast<double>(labels.size()) / static_cast<double>(loader.samples());
    }
    const auto found = nn::evaluate(net, validation);
    if (epoch % 10 == 0) {
      fmt::print("epoch {:2}  training loss {:.3f}  validation loss {:.3f}  error {:.1f} %\n", epoch, mean,
                 found.loss, 100 * *found.error);
    }
    if (stopping.update(*found.error)) break;
  }
  stopping.restore();
  fmt::print("the best epoch's error: {:.1f} %\n", 100 * stopping.best());
}
