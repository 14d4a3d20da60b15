// Section 5 of the note: a network that is too large for its few training images, with and without dropout.
#include <optim/optim.hpp>

#include "command_line.hpp"
#include "fashion_mnist.hpp"

using namespace xgrad;

/// Two hidden layers of 512 units.
struct Net {
  explicit Net(double keep) : dropout({.keep = keep}) {}
  Variable<float> operator()(const Variable<float>& images) {
    return fc3(dropout(relu(fc2(dropout(relu(fc1(flatten(images))))))));
  }
  auto fields() { return nn::fields("fc1", fc1, "fc2", fc2, "fc3", fc3, "dropout", dropout); }

  nn::Linear<float> fc1{784, 512}, fc2{512, 512}, fc3{512, 10};
  nn::Dropout dropout;
};

struct Settings {
  std::string data = fashion_mnist::default_folder;
  std::size_t images = 3000, epochs = 150;
  std::string plot;
};

int run(const Settings& settings) {
  const auto data = fashion_mnist::read(settings.data, settings.images);
  optim::Chart chart({.title = fmt::format("{} training images", data.train.size()),
                      .x_label = "epoch",
                      .y_label = "loss",
                      .log_y = true});
  fmt::print("{:<26}{:>16}{:>18}{:>18}{:>12}\n", "", "training error", "validation loss", "validation error",
             "test error");
  const struct {
    const char* name;
    double keep, max_norm;
  } cases[] = {{"no dropout", 1, 0}, {"dropout", 0.5, 0}, {"dropout and max-norm 2", 0.5, 2}};
  for (const auto& each : cases) {
    seed(1);
    Net net(each.keep);
    nn::DataLoader loader(data.train, {.batch = 32, .seed = 1});
    const std::size_t steps = settings.epochs * loader.batches();
    optim::SGD<float> sgd(
        nn::parameters(net),
        {.learning_rate = optim::linear_decay(0.02, steps), .momentum = 0.9, .max_norm = each.max_norm});
    std::vector<double> epochs, on_training, on_validation;  // losses
    double training_error = 0;
    const auto result = optim::fit(
        net, sgd, loader,
        {.epochs = settings.epochs, .validation = data.validation, .on_epoch = [&](const auto& record) {
           epochs.push_back(static_cast<double>(record.epoch));
           const auto found = nn::evaluate(net, data.train);
           on_training.push_back(found.loss);
           training_error = *found.error;
           on_validation.push_back(*record.validation_loss);
           return false;
         }});
    if (result.signal != 0) return result.exit_status();
    const nn::Evaluation held_out = nn::evaluate(net, data.validation);
    fmt::print("{:<26}{:>14.2f} %{:>18.3f}{:>16.2f} %{:>10.2f} %\n", each.name, 100 * training_error,
               held_out.loss, 100 * *held_out.error, 100 * *nn::evaluate(net, data.test).error);
    std::fflush(stdout);
    chart.line(fmt::format("{}, validation", each.name), epochs, on_validation);
    if (each.max_norm == 0)
      chart.line(fmt::format("{}, training", each.name), epochs, on_training, {.dashed = true});
  }
  if (!settings.plot.empty()) chart.save(settings.plot);
  return 0;
}

int main(int argc, char** argv) {
  CLI::App app{"Trains with and without dropout on few images."};
  Settings settings;
  app.option_defaults()->always_capture_default();
  app.add_option("--data", settings.data, "folder with the four IDX files, plain or gzip");
  app.add_option("--images", settings.images, "number of training images to use")
      ->check(CLI::Range(1, 60000));
  app.add_option("--epochs", settings.epochs, "passes over these images")->check(CLI::Range(1, 10000));
  app.add_option("--plot", settings.plot, "write the curves to this SVG file");
  return command_line::run("dropout", app, argc, argv, [&] { return run(settings); });
}
