// Section 4 of the note, Mini-Batches: batch, mini-batch and online learning are batch sizes of the same
// code. "Online learning converges faster than batch learning for the same overall computational effort", and
// "values of B around a few dozen are common". Effort is counted in samples seen; for each size, the learning
// rate is that of a grid with the least final risk.
#include <optim/optim.hpp>

#include "command_line.hpp"
#include "fashion_mnist.hpp"

#include <limits>

using namespace xgrad;

/// One hidden layer of 128 units.
struct Net {
  nn::Linear<float> fc1{784, 128}, fc2{128, 10};
  Variable<float> operator()(const Variable<float>& images) const { return fc2(relu(fc1(flatten(images)))); }
};

struct Settings {
  std::string data = fashion_mnist::default_folder;
  // The number of images is a multiple of the batch sizes: no batch is smaller than the others.
  std::size_t images = 4096, epochs = 10;
  std::string plot;
};

/// The risk on the training set against the samples seen.
struct Curve {
  std::vector<double> samples, risk;
};

Curve train(const fashion_mnist::Samples& data, std::size_t batch, double rate, std::size_t epochs) {
  seed(1);
  Net net;
  nn::DataLoader loader(data, {.batch = batch, .seed = 1});
  optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = rate});
  Curve curve{{0}, {nn::risk(net, data)}};
  for (std::size_t epoch = 1; epoch <= epochs; ++epoch) {
    for (auto [images, labels] : loader) {
      Tape tape;
      tape.backward(nn::cross_entropy(net(images), labels));
      sgd.step();
    }
    curve.samples.push_back(static_cast<double>(epoch * data.size()));
    curve.risk.push_back(nn::risk(net, data));
    if (!std::isfinite(curve.risk.back())) curve.risk.back() = std::numeric_limits<double>::infinity();
  }
  return curve;
}

int run(const Settings& settings) {
  const fashion_mnist::Samples data = fashion_mnist::read(settings.data, settings.images).train;
  optim::Chart chart({.title = "Batch, mini-batch and online learning",
                      .x_label = "samples seen",
                      .y_label = "training risk",
                      .log_y = true});
  fmt::print("{:>14}{:>16}{:>10}{:>16}\n", "batch size B", "learning rate", "steps", "training risk");
  for (const std::size_t batch :
       {data.size(), std::size_t{512}, std::size_t{128}, std::size_t{32}, std::size_t{8}, std::size_t{1}}) {
    Curve best;
    double best_rate = 0, least = std::numeric_limits<double>::infinity();
    for (const double rate : {0.0005, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3}) {
      if (batch == 1 && rate > 0.01) break;      // diverges, and takes long
      if (batch > 128 && rate < 0.03) continue;  // far too slow
      const Curve curve = train(data, batch, rate, settings.epochs);
      if (curve.risk.back() < least) least = curve.risk.back(), best_rate = rate, best = curve;
    }
    const std::size_t steps = settings.epochs * ((data.size() + batch - 1) / batch);
    fmt::print("{:>14}{:>16}{:>10}{:>16.4f}\n", batch, best_rate, steps, least);
    std::fflush(stdout);
    const std::string name = batch == data.size() ? "batch"
                             : batch == 1         ? "online"
                                                  : fmt::format("B = {}", batch);
    chart.line(name, best.samples, best.risk, {.markers = true});
  }
  if (!settings.plot.empty()) chart.save(settings.plot);
  return 0;
}

int main(int argc, char** argv) {
  CLI::App app{"Compares batch sizes for equal work."};
  Settings settings;
  app.option_defaults()->always_capture_default();
  app.add_option("--data", settings.data, "folder with the four IDX files, plain or gzip");
  app.add_option("--images", settings.images, "number of training images to use")
      ->check(CLI::Range(600, 60000));
  app.add_option("--epochs", settings.epochs, "passes over these images")->check(CLI::Range(1, 10000));
  app.add_option("--plot", settings.plot, "write the curves to this SVG file");
  return command_line::run("batch_sizes", app, argc, argv, [&] { return run(settings); });
}
