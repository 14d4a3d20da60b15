// The benefit of momentum, after Sutskever, Martens, Dahl and Hinton, On the importance of initialization and
// momentum in deep learning (2013; reference [11] of the note), in minutes: the autoencoder
// 784-1000-500-250-30 for MNIST, with sigmoid units, a linear code and sparse initialisation, trained with
// the same number of updates by each method.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include "command_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

using namespace xgrad;

nn::Linear<float> layer(std::size_t in, std::size_t out) {
  return {in, out, {.initialization = nn::sparse_normal<float>(15)}};
}

struct Autoencoder {
  std::vector<nn::Linear<float>> layers = [] {
    std::vector<nn::Linear<float>> all;
    const std::size_t widths[] = {784, 1000, 500, 250, 30, 250, 500, 1000, 784};
    for (std::size_t k = 0; k + 1 < std::size(widths); ++k) all.push_back(layer(widths[k], widths[k + 1]));
    return all;
  }();

  /// Logits of the gray levels {N, 784}.
  Variable<float> operator()(const Variable<float>& images) const {
    Variable<float> h = images;
    for (std::size_t k = 0; k < layers.size(); ++k) {
      h = layers[k](h);
      if (k != 3 && k + 1 != layers.size()) h = sigmoid(h);  // the code is linear
    }
    return h;
  }
};

struct Settings {
  std::string data = "/usr/share/datasets/fashion-mnist";
  std::size_t updates = 3000, trial = 300;
  std::string plot;
};

struct Method {
  std::string name;
  optim::Schedule momentum;
  bool nesterov;
  std::vector<double> rates;
};

using Data = nn::ArrayDataset<float, float>;

/// The cross entropy of an image, summed over its pixels.
Variable<float> loss_of(const Variable<float>& logits, const Array<float>& images) {
  return 784 * nn::binary_cross_entropy_with_logits(logits, images);
}

/// The squared error of the reconstruction of an image, averaged over the set, as in the paper.
double squared_error(Autoencoder& net, const Data& data) {
  return nn::risk(
      net, data,
      [](const auto& logits, const auto& images) { return nn::quadratic_loss(sigmoid(logits), images); },
      1000);
}

struct Curve {
  std::vector<double> updates, error;
};

Curve train(const Data& data, const Method& method, double rate, std::size_t updates, std::size_t every) {
  seed(1);
  Autoencoder net;
  nn::DataLoader<float, float> loader(data, {.batch = 200, .drop_last = true, .seed = 1});
  optim::SGD<float> sgd(nn::parameters(net),
                        {.learning_rate = rate, .momentum = method.momentum, .nesterov = method.nesterov});
  std::vector<std::size_t> first(std::min<std::size_t>(5000, data.size()));
  std::iota(first.begin(), first.end(), std::size_t{0});
  const Data sample(data.batch(first));
  Curve curve{{0}, {squared_error(net, sample)}};
  while (sgd.steps() < updates) {
    for (auto [images, targets] : loader) {
      Tape tape;
      tape.backward(loss_of(net(images), targets));
      sgd.step();
      if (sgd.steps() % every == 0) {
        const double error = squared_error(net, sample);
        curve.updates.push_back(static_cast<double>(sgd.steps()));
        curve.error.push_back(std::isfinite(error) ? error : std::numeric_limits<double>::infinity());
        if (!std::isfinite(error)) return curve;
      }
      if (sgd.steps() == updates) break;
    }
  }
  return curve;
}

int run(const Settings& settings) {
  fmt::print("reading {}\n", settings.data);
  std::fflush(stdout);
  Array<float> images = nn::read_mnist(settings.data).inputs;
  images.reshape({images.shape()[0], images.size() / images.shape()[0]});
  const Data data(images, images);
  const std::vector<double> rates{0.001, 0.003, 0.01, 0.03};
  const std::size_t total = settings.updates;
  const std::vector<Method> methods{
      {"plain SGD", 0, false, rates},
      {"momentum 0.9", 0.9, false, {0.0003, 0.001, 0.003, 0.01}},
      {"momentum 0.99, increasing", optim::increasing_momentum(0.99), false, {0.0001, 0.0003, 0.001, 0.003}},
      {"Nesterov 0.99, increasing", optim::increasing_momentum(0.99), true, {0.0001, 0.0003, 0.001, 0.003}},
  };
  optim::Chart chart({.title = "Autoencoder 784-1000-500-250-30",
                      .x_label = "updates",
                      .y_label = "squared error of an image"});
  fmt::print("{} images of {}, {} updates of 200 images; the rate is the best of four after {} updates\n\n",
             data.size(), settings.data, total, settings.trial);
  fmt::print("{:<28}{:>15}{:>16}\n", "", "learning rate", "squared error");
  for (const Method& method : methods) {
    double best = 0, least = std::numeric_limits<double>::infinity();
    for (const double rate : method.rates) {
      const double error = train(data, method, rate, settings.trial, settings.trial).error.back();
      if (error < least) least = error, best = rate;
    }
    const Curve curve = train(data, method, best, total, std::max<std::size_t>(total / 30, 1));
    fmt::print("{:<28}{:>15}{:>16.2f}\n", method.name, best, curve.error.back());
    std::fflush(stdout);
    chart.line(method.name, {curve.updates.begin() + 1, curve.updates.end()},
               {curve.error.begin() + 1, curve.error.end()});
  }
  if (!settings.plot.empty()) chart.save(settings.plot);
  return 0;
}

int main(int argc, char** argv) {
  CLI::App app{"Trains an autoencoder with and without momentum."};
  Settings settings;
  app.option_defaults()->always_capture_default();
  app.add_option("--data", settings.data, "folder with MNIST's four IDX files, plain or gzip");
  app.add_option("--updates", settings.updates, "steps of each method")->check(CLI::Range(1, 10'000'000));
  app.add_option("--trial", settings.trial, "steps for which each learning rate is tried")
      ->check(CLI::Range(1, 10'000'000));
  app.add_option("--plot", settings.plot, "write the curves to this SVG file");
  return command_line::run("autoencoder", app, argc, argv, [&] { return run(settings); });
}
