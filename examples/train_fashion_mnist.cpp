// Trains a network on Fashion-MNIST, or on any data in its format, by the note's method: mini-batches, the
// momentum method with its increasing schedule, a decreasing learning rate, dropout. The loop is
// optim::fit's; training_loop.cpp has one written by hand.
#include <optim/optim.hpp>

#include "command_line.hpp"
#include "fashion_mnist.hpp"
#include "models.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#ifdef _OPENMP
#include <omp.h>
#endif

using namespace xgrad;
using json = nlohmann::ordered_json;

struct Settings {
  std::string data = fashion_mnist::default_folder;
  std::string model = "lenet";
  std::size_t epochs = 12;
  std::optional<std::size_t> batch;  // the model's default, if these are not given
  std::optional<double> learning_rate;
  std::string optimizer = "sgd";
  std::string schedule = "linear";
  double momentum = 0.9;
  bool augment = false;
  std::size_t early_stopping = 0;
  std::uint64_t seed = 1;
  int threads = 0;
  std::string save, metrics, checkpoint, resume, report, tensorboard;
  std::string command_to_resume;  // what to type after an interruption
};

/// The learning rate as a function of the step; `steps` is their number in the whole training.
optim::Schedule schedule_of(const Settings& s, std::size_t steps) {
  const double rate = *s.learning_rate;
  const std::size_t warm = steps / 10;
  if (s.schedule == "linear") return optim::linear_decay(rate, steps);
  if (s.schedule == "cosine") return optim::cosine_decay(rate, steps);
  if (s.schedule == "warm-cosine") return optim::warm_up(warm, optim::cosine_decay(rate, steps - warm));
  if (s.schedule == "one-cycle") return optim::one_cycle(rate, std::max<std::size_t>(steps, 2));
  if (s.schedule == "step") return optim::step_decay(rate, {steps / 2, steps / 2 + steps / 4 + 1});
  if (s.schedule == "exponential") return optim::exponential_decay(rate, 0.01, steps);
  return rate;  // constant, and plateau, for which fit reduces it
}

std::unique_ptr<optim::Optimizer<float>> make_optimizer(
    const Settings& s, std::size_t steps, const std::vector<nn::NamedParameter<float>>& parameters) {
  const optim::Schedule rate = schedule_of(s, steps);
  if (s.optimizer == "adam")
    return std::make_unique<optim::Adam<float>>(parameters, optim::AdamOptions{rate});
  if (s.optimizer == "adamw") {
    return std::make_unique<optim::AdamW<float>>(
        parameters, optim::AdamOptions{.learning_rate = rate, .weight_decay = 0.01});
  }
  if (s.optimizer == "rmsprop") {
    return std::make_unique<optim::RMSprop<float>>(parameters, optim::RMSpropOptions{rate});
  }
  if (s.optimizer == "adagrad") {
    return std::make_unique<optim::Adagrad<float>>(parameters, optim::AdagradOptions{rate});
  }
  return std::make_unique<optim::SGD<float>>(
      parameters, optim::SGDOptions{.learning_rate = rate,
                                    .momentum = optim::increasing_momentum(s.momentum),
                                    .weight_decay = 5e-4,
                                    .nesterov = s.optimizer == "nesterov"});
}

/// Small shifts; for clothes also mirror images, which would be wrong for digits.
nn::Transform augmentation(const fashion_mnist::Data& data) {
  const nn::Transform shift = nn::random_shift(1, data.background);
  return data.is_fashion ? nn::Transform{shift, nn::random_flip()} : shift;
}

/// Rows are the true classes, columns the decisions.
void print_confusion(const Array<std::int64_t>& matrix, const std::vector<std::string>& names) {
  fmt::print("\nConfusion matrix: rows are true classes, columns decisions\n{:>9}", "");
  for (const std::string& name : names) fmt::print("{:>9}", name);
  for (std::size_t i = 0; i < names.size(); ++i) {
    fmt::print("\n{:>9}", names[i]);
    for (std::size_t j = 0; j < names.size(); ++j) fmt::print("{:>9}", matrix(i, j));
  }
  fmt::print("\n");
}

/// The metrics of the run, as JSON.
json to_json(const Settings& settings, std::size_t parameters, const optim::RunResult& result) {
  json metrics{{"model", settings.model},
               {"parameters", parameters},
               {"seed", settings.seed},
               {"reason", to_string(result.reason)},
               {"epochs", json::array()}};
  for (const auto& each : result.history) {
    metrics["epochs"].push_back({{"epoch", each.epoch},
                                 {"training_loss", each.training_loss},
                                 {"validation_error", each.validation_error.value_or(0)},
                                 {"seconds", each.seconds},
                                 {"images_per_second", each.samples_per_second}});
  }
  return metrics;
}

std::vector<std::pair<std::string, std::string>> listed(const Settings& s) {
  return {{"data", s.data},
          {"model", s.model},
          {"optimizer", s.optimizer},
          {"schedule", s.schedule},
          {"learning rate", fmt::format("{}", *s.learning_rate)},
          {"largest momentum", fmt::format("{}", s.momentum)},
          {"batch", std::to_string(*s.batch)},
          {"augmentation", s.augment ? "yes" : "no"},
          {"seed", std::to_string(s.seed)}};
}

void write_metrics(const std::string& path, const json& metrics) {
  if (path.empty()) return;
  const std::string temporary = path + ".tmp";  // the file is complete at any time
  std::error_code failed;
  if ((std::ofstream(temporary) << metrics.dump(2) << '\n').flush()) {
    std::filesystem::rename(temporary, path, failed);
  } else {
    failed = std::make_error_code(std::errc::io_error);
  }
  if (failed) throw FileError("cannot write " + path);
}

/// Prints how to resume after Ctrl-C. The weights of an interrupted run are not written.
void print_interruption(const Settings& s, const optim::RunResult& result) {
  std::fflush(stdout);
  fmt::print(stderr, "\ninterrupted after {} of {} epochs; ", result.epochs, s.epochs);
  if (s.checkpoint.empty()) {
    fmt::print(stderr, "it cannot be resumed: there is no checkpoint (--checkpoint FILE writes one)\n");
  } else {
    fmt::print(stderr, "to resume, type\n  {}\n", s.command_to_resume);
  }
  if (!s.save.empty()) fmt::print(stderr, "{} is not written: the training is not complete\n", s.save);
}

/// Returns the program's exit status.
template <class Net>
int train(const Settings& settings) {
  seed(settings.seed);
  const auto data = fashion_mnist::read(settings.data);
  Net net;
  nn::DataLoader loader(data.train, {.batch = *settings.batch,
                                     .seed = settings.seed,
                                     .transform = settings.augment ? augmentation(data) : nn::Transform(),
                                     .prefetch = settings.augment ? std::size_t{2} : 0});
  const auto optimizer = make_optimizer(settings, settings.epochs * loader.batches(), nn::parameters(net));
  const std::size_t parameters = nn::parameter_count(net);
  fmt::print("{} parameters, {} training, {} validation and {} test images\n", parameters, loader.samples(),
             data.validation.size(), data.test.size());

  optim::ProgressBar bar;
  optim::Report report(settings.report);
  optim::TensorBoard board(settings.tensorboard);
  std::vector<optim::Monitor*> monitors{&bar};
  if (!settings.report.empty()) monitors.push_back(&report);
  if (!settings.tensorboard.empty()) monitors.push_back(&board);

  const auto result =
      optim::fit(net, *optimizer, loader,
                 {.epochs = settings.epochs,
                  .validation = data.validation,
                  .early_stopping = settings.early_stopping,
                  .reduce_on_plateau = settings.schedule == "plateau"
                                           ? std::optional(optim::ReduceOnPlateauOptions{.patience = 2})
                                           : std::nullopt,
                  .checkpoint = settings.checkpoint,
                  .resume = settings.resume,
                  .monitors = monitors,
                  .title = fmt::format("{} on {}", settings.model, data.name),
                  .classes = data.classes,
                  .settings = listed(settings)});

  json metrics = to_json(settings, parameters, result);
  if (result.signal != 0) {
    metrics["test_error"] = nullptr;
    write_metrics(settings.metrics, metrics);
    print_interruption(settings, result);
    return result.exit_status();
  }

  Array<std::int64_t> confusion(Shape{10, 10}, 0);
  nn::for_each_output(net, data.test, [&](const auto& logits, const auto& labels) {
    confusion += nn::confusion_matrix(labels, nn::arg_max(logits), 10);
  });
  print_confusion(confusion, data.classes);
  const double right = static_cast<double>(xt::sum(xt::diagonal(confusion))());
  const double test_error = 1 - right / static_cast<double>(data.test.size());

  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const std::int64_t peak_memory = std::int64_t{usage.ru_maxrss} * 1024;  // Linux counts in KiB
  fmt::print("\npeak memory {} MiB\ntest error {:.2f} %\n", peak_memory >> 20, 100 * test_error);
  if (!settings.save.empty()) nn::save(net, settings.save);
  if (!settings.report.empty()) report.add_figure("test error", fmt::format("{:.2f} %", 100 * test_error));
  metrics["test_error"] = test_error;
  metrics["peak_memory_bytes"] = peak_memory;
  write_metrics(settings.metrics, metrics);
  return 0;
}

// The error message for an option's value, or "". (CLI11 prints its own limits with 300 digits, and reads -1
// as a large unsigned number.)
std::string check_rate(const std::string& text) {
  const double rate = std::strtod(text.c_str(), nullptr);
  return std::isfinite(rate) && rate >= 0 ? "" : "expected a number >= 0, got " + text;
}
std::string check_seed(const std::string& text) {
  return text.starts_with('-') ? "expected an integer >= 0, got " + text : "";
}

/// Throws FileError before the training if `path` is a folder or is in none.
void check_output(const std::string& path) {
  if (path.empty()) return;
  const auto folder = std::filesystem::absolute(path).parent_path();
  if (!std::filesystem::is_directory(folder)) {
    throw FileError(fmt::format("cannot write {}: no such folder", path));
  }
  if (std::filesystem::is_directory(path))
    throw FileError(fmt::format("cannot write {}: it is a folder", path));
}

/// Throws FileError before the training if the checkpoint `path` cannot be read.
void check_resume(const std::string& path) {
  if (path.empty() || std::ifstream(path)) return;
  throw FileError(fmt::format("cannot resume from {}: {}; without --resume the training starts from scratch",
                              path, std::strerror(errno)));
}

void add_options(CLI::App& app, Settings& s) {
  app.option_defaults()->always_capture_default();
  app.add_option("--data", s.data, "folder with the four IDX files, plain or gzip");
  app.add_option("--model", s.model, "lenet, mlp, cnn or resnet")
      ->check(CLI::IsMember({"lenet", "mlp", "cnn", "resnet"}));
  app.add_option("--epochs", s.epochs, "passes over the training images")->check(CLI::Range(1, 100000));
  app.add_option("--batch", s.batch,
                 "images in a mini-batch (16 for cnn, 64 for the others); 1 is online learning")
      ->check(CLI::Range(1, 60000));
  app.add_option("--learning-rate", s.learning_rate,
                 "alpha, the schedule's maximum (for SGD 0.005 for cnn, 0.05 for the others; 0.001 for the "
                 "other optimisers)")
      ->check(check_rate);
  app.add_option("--optimizer", s.optimizer, "sgd, nesterov, adam, adamw, rmsprop or adagrad")
      ->check(CLI::IsMember({"sgd", "nesterov", "adam", "adamw", "rmsprop", "adagrad"}));
  app.add_option(
         "--schedule", s.schedule,
         "schedule of the learning rate: constant, linear, cosine, warm-cosine, one-cycle, step, exponential "
         "or plateau")
      ->check(CLI::IsMember(
          {"constant", "linear", "cosine", "warm-cosine", "one-cycle", "step", "exponential", "plateau"}));
  app.add_option("--momentum", s.momentum, "the largest momentum coefficient of SGD, mu_max")
      ->check(CLI::Range(0.0, 1.0));
  app.add_flag("--augment", s.augment, "shift the training images at random, and mirror clothes");
  app.add_option("--early-stopping", s.early_stopping,
                 "stop after this many epochs without a better validation error; 0: never")
      ->check(CLI::Range(0, 100000));
  app.add_option("--seed", s.seed, "seed of the weights, the order of the images and dropout")
      ->check(check_seed);
  app.add_option("--threads", s.threads, "number of threads; 0: one for each core")
      ->check(CLI::Range(0, 1024));
  app.add_option(
      "--checkpoint", s.checkpoint,
      "write a checkpoint to this file after each epoch and on Ctrl-C; by default the file of --resume");
  app.add_option("--resume", s.resume, "resume from a checkpoint, with the same options otherwise");
  app.add_option("--report", s.report, "write a page about the run to this file, updated after each epoch");
  app.add_option("--tensorboard", s.tensorboard, "write event files for TensorBoard into this folder");
  app.add_option("--save", s.save, "write the weights to this file, in the safetensors format");
  app.add_option("--metrics", s.metrics, "write the metrics of the run to this file, in JSON");
}

/// Sets defaults that depend on other options, and checks the paths.
void complete(Settings& s, int argc, char** argv) {
  if (s.checkpoint.empty()) s.checkpoint = s.resume;
  s.command_to_resume = command_line::command_with(argc, argv, "--resume", s.checkpoint);
  check_resume(s.resume);
  for (const std::string& path : {s.save, s.metrics, s.checkpoint, s.report}) check_output(path);
  const bool wide = s.model == "cnn";
  const bool is_sgd = s.optimizer == "sgd" || s.optimizer == "nesterov";
  s.batch = s.batch.value_or(wide ? 16 : 64);
  s.learning_rate = s.learning_rate.value_or(!is_sgd ? 0.001 : wide ? 0.005 : 0.05);
}

int main(int argc, char** argv) {
  CLI::App app{"Trains a network on Fashion-MNIST."};
  Settings settings;
  add_options(app, settings);
  return command_line::run("train_fashion_mnist", app, argc, argv, [&] {
    complete(settings, argc, argv);
#ifdef _OPENMP
    if (settings.threads > 0) omp_set_num_threads(settings.threads);
#endif
    if (settings.model == "mlp") return train<models::MLP<>>(settings);
    if (settings.model == "cnn") return train<models::CNN<>>(settings);
    if (settings.model == "resnet") return train<models::ResNet<>>(settings);
    return train<models::LeNet<>>(settings);
  });
}
