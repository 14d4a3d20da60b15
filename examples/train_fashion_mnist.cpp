// Trains a network on Fashion-MNIST, or on any data in its format, by the note's method: mini-batches, the
// momentum method with its increasing schedule, a learning rate that falls to 0, dropout.
#include <optim/optim.hpp>

#include "models.hpp"
#include "progress.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#ifdef _OPENMP
#include <omp.h>
#endif

using namespace xgrad;
using json = nlohmann::ordered_json;

struct Settings {
  std::string data = "/usr/share/datasets/fashion-mnist";
  std::string model = "lenet";
  std::size_t epochs = 12;
  std::optional<std::size_t> batch;  // the model's own, where they are not given
  std::optional<double> learning_rate;
  double momentum = 0.9;
  std::uint64_t seed = 1;
  int threads = 0;
  std::string save;
  std::string metrics;
};

struct Samples {
  Array<float> images;  // {N, H, W, 1}
  Array<std::uint8_t> labels;
};

struct Data {
  Samples train, validation, test;
};

/// The file of that name, compressed or not.
std::string find_file(const std::string& folder, const std::string& name) {
  const auto plain = std::filesystem::path(folder) / name;
  for (const auto& path : {plain, std::filesystem::path(plain.string() + ".gz")}) {
    if (std::filesystem::is_regular_file(path)) return path.string();
  }
  throw FileError(fmt::format("{} holds no {} or {}.gz", folder, name, name));
}

Samples read_samples(const std::string& folder, const std::string& prefix) {
  Samples samples{nn::read_idx_images<float>(find_file(folder, prefix + "-images-idx3-ubyte")),
                  nn::read_idx_labels(find_file(folder, prefix + "-labels-idx1-ubyte"))};
  const auto& shape = samples.images.shape();
  if (shape[0] == 0 || shape[0] != samples.labels.size() || shape[1] != 28 || shape[2] != 28) {
    throw FileError(
        fmt::format("{}: {} images of {} x {} and {} labels; expected as many labels as images of 28 x 28",
                    folder, shape[0], shape[1], shape[2], samples.labels.size()));
  }
  for (const int label : samples.labels) {
    if (label > 9) throw FileError(fmt::format("{}: label {}; expected 0 ... 9", folder, label));
  }
  return samples;
}

/// Reads the data, holds out the last 5,000 training images (a tenth of a smaller set) for validation, and
/// shifts and scales all images to the training set's mean 0 and deviation 1.
Data read_data(const std::string& folder) {
  const Samples all = read_samples(folder, "train");
  const std::size_t count = all.labels.size();
  const std::size_t held_out = std::min<std::size_t>(5000, count / 10);
  if (held_out == 0)
    throw FileError(fmt::format("{}: {} training images are too few to hold any out", folder, count));
  const std::size_t kept = count - held_out;
  Data data{{nn::take_samples(all.images, 0, kept), nn::take_samples(all.labels, 0, kept)},
            {nn::take_samples(all.images, kept, count), nn::take_samples(all.labels, kept, count)},
            read_samples(folder, "t10k")};
  const double mean = xt::mean(xt::cast<double>(data.train.images))();
  const double deviation = xt::stddev(xt::cast<double>(data.train.images))() + 1e-8;
  for (Samples* samples : {&data.train, &data.validation, &data.test}) {
    for (float& pixel : samples->images) pixel = static_cast<float>((pixel - mean) / deviation);
  }
  return data;
}

/// The classes that the network decides for, batch by batch. Without a tape, it only computes.
template <class Net>
Array<std::int64_t> classify(Net& net, const Samples& samples) {
  nn::eval(net);
  Array<std::int64_t> classes(Shape{samples.labels.size()});
  std::size_t done = 0;
  nn::DataLoader loader(samples.images, samples.labels, {.batch = 500, .shuffle = false});
  for (auto [images, labels] : loader) {
    const Array<std::int64_t> decided = nn::arg_max(net(images));
    std::copy(decided.begin(), decided.end(), classes.begin() + static_cast<std::ptrdiff_t>(done));
    done += labels.size();
  }
  nn::train(net);
  return classes;
}

/// The share of wrong decisions (the zero-one risk).
double error_of(const Array<std::int64_t>& classes, const Array<std::uint8_t>& labels) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) wrong += classes(i) != labels(i);
  return static_cast<double>(wrong) / static_cast<double>(labels.size());
}

/// One epoch; returns the training risk, the mean loss over its batches.
template <class Net>
double train_epoch(Net& net, optim::SGD<float>& sgd, nn::DataLoader<float, std::uint8_t>& loader,
                   ProgressBar& bar) {
  double risk = 0;
  for (auto [images, labels] : loader) {
    Tape tape;
    const auto loss = nn::cross_entropy(net(images), labels);
    tape.backward(loss);
    sgd.step();
    risk += loss.item() * static_cast<double>(labels.size()) / static_cast<double>(loader.samples());
    bar.advance(labels.size());
  }
  if (!std::isfinite(risk))
    throw Error("the training risk is no longer finite: try a smaller --learning-rate");
  return risk;
}

/// The learning rate falls in proportion to the steps that are left: the last ones are small.
optim::Schedule falling_rate(const Settings& settings, std::size_t steps) {
  const double initial = *settings.learning_rate;
  return [=](std::size_t step) {
    return initial * (1 - static_cast<double>(std::min(step, steps)) / static_cast<double>(steps));
  };
}

/// Rows are the true classes, columns the decisions.
void print_confusion(const Array<std::int64_t>& classes, const Samples& samples, const std::string& folder) {
  std::error_code none;  // a default folder that is not there is another folder
  const bool fashion = std::filesystem::equivalent(folder, Settings{}.data, none);
  const std::array<const char*, 10> names =
      fashion ? std::array{"T-shirt", "Trouser", "Pullover", "Dress", "Coat",
                           "Sandal",  "Shirt",   "Sneaker",  "Bag",   "Boot"}
              : std::array{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  const auto matrix = nn::confusion_matrix(samples.labels, classes, 10);
  fmt::print("\nConfusion matrix: rows are true classes, columns decisions\n{:>9}", "");
  for (const char* name : names) fmt::print("{:>9}", name);
  for (std::size_t i = 0; i < 10; ++i) {
    fmt::print("\n{:>9}", names[i]);
    for (std::size_t j = 0; j < 10; ++j) fmt::print("{:>9}", matrix(i, j));
  }
  fmt::print("\n");
}

template <class Net>
void train(const Settings& settings) {
  seed(settings.seed);
  Data data = read_data(settings.data);
  Net net;
  nn::DataLoader<float, std::uint8_t> loader(std::move(data.train.images), std::move(data.train.labels),
                                             {.batch = *settings.batch, .seed = settings.seed});
  const std::size_t steps = settings.epochs * loader.batches();
  optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = falling_rate(settings, steps),
                                              .momentum = optim::increasing_momentum(settings.momentum),
                                              .weight_decay = 5e-4});
  json metrics{{"model", settings.model},
               {"parameters", nn::parameter_count(net)},
               {"seed", settings.seed},
               {"epochs", json::array()}};
  fmt::print("{}: {} parameters, {} training, {} validation and {} test images of {}\n", settings.model,
             nn::parameter_count(net), loader.samples(), data.validation.labels.size(),
             data.test.labels.size(), settings.data);

  for (std::size_t epoch = 1; epoch <= settings.epochs; ++epoch) {
    ProgressBar bar(fmt::format("epoch {:>2}/{}", epoch, settings.epochs), loader.samples());
    const double risk = train_epoch(net, sgd, loader, bar);
    const double seconds = bar.seconds();
    const double rate = static_cast<double>(loader.samples()) / seconds;
    const double error = error_of(classify(net, data.validation), data.validation.labels);
    bar.clear();
    fmt::print("epoch {:>2}/{}  training risk {:.4f}  validation error {:.2f} %  {:.1f} s  {:.0f} images/s\n",
               epoch, settings.epochs, risk, 100 * error, seconds, rate);
    std::fflush(stdout);
    metrics["epochs"].push_back({{"epoch", epoch},
                                 {"training_risk", risk},
                                 {"validation_error", error},
                                 {"seconds", seconds},
                                 {"images_per_second", rate}});
  }

  const auto classes = classify(net, data.test);
  const double test_error = error_of(classes, data.test.labels);
  metrics["test_error"] = test_error;
  print_confusion(classes, data.test, settings.data);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const std::int64_t peak_memory = std::int64_t{usage.ru_maxrss} * 1024;  // Linux counts in KiB
  metrics["peak_memory_bytes"] = peak_memory;
  fmt::print("\npeak memory {} MiB\ntest error {:.2f} %\n", peak_memory >> 20, 100 * test_error);
  if (!settings.save.empty()) nn::save(net, settings.save);
  if (!settings.metrics.empty() && !(std::ofstream(settings.metrics) << metrics.dump(2) << '\n').flush()) {
    throw FileError("cannot write " + settings.metrics);
  }
}

// What is wrong with an option, or nothing. (CLI11's own limits of a number have 300 digits, and to it -1 is
// a large unsigned number.)
std::string check_rate(const std::string& text) {
  const double rate = std::strtod(text.c_str(), nullptr);
  return std::isfinite(rate) && rate >= 0 ? "" : text + " came, expected a number >= 0";
}
std::string check_seed(const std::string& text) {
  return text.starts_with('-') ? text + " came, expected an integer >= 0" : "";
}

Settings read_options(CLI::App& app, int argc, char** argv) {
  Settings s;
  app.option_defaults()->always_capture_default();
  app.add_option("--data", s.data, "folder with the four IDX files, plain or gzip");
  app.add_option("--model", s.model, "lenet, mlp or cnn")->check(CLI::IsMember({"lenet", "mlp", "cnn"}));
  app.add_option("--epochs", s.epochs, "passes over the training images")->check(CLI::Range(1, 100000));
  app.add_option("--batch", s.batch,
                 "images in a mini-batch (16 for cnn, 64 for the others); 1 is online learning")
      ->check(CLI::Range(1, 60000));
  app.add_option("--learning-rate", s.learning_rate,
                 "alpha at the first step, from where it falls to 0 (0.005 for cnn, 0.05 for the others)")
      ->check(check_rate);
  app.add_option("--momentum", s.momentum, "the largest momentum coefficient, mu_max")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--seed", s.seed, "of the weights, the order of the images and dropout")->check(check_seed);
  app.add_option("--threads", s.threads, "of the computation; 0 is one for each core")
      ->check(CLI::Range(0, 1024));
  app.add_option("--save", s.save, "write the weights there, in the safetensors format");
  app.add_option("--metrics", s.metrics, "write the numbers of the run there, in JSON");
  app.parse(argc, argv);
  for (const std::string& path : {s.save, s.metrics}) {  // now, and not after an hour of training
    if (path.empty()) continue;
    const auto folder = std::filesystem::absolute(path).parent_path();
    if (!std::filesystem::is_directory(folder))
      throw FileError(fmt::format("cannot write {}: no such folder", path));
    if (std::filesystem::is_directory(path))
      throw FileError(fmt::format("cannot write {}: it is a folder", path));
  }
  const bool wide = s.model == "cnn";
  s.batch = s.batch.value_or(wide ? 16 : 64);
  s.learning_rate = s.learning_rate.value_or(wide ? 0.005 : 0.05);
  return s;
}

int main(int argc, char** argv) {
  CLI::App app{"Trains a network on Fashion-MNIST."};
  try {
    const Settings settings = read_options(app, argc, argv);
#ifdef _OPENMP
    if (settings.threads > 0) omp_set_num_threads(settings.threads);
#endif
    if (settings.model == "lenet") train<models::LeNet<>>(settings);
    if (settings.model == "mlp") train<models::MLP<>>(settings);
    if (settings.model == "cnn") train<models::CNN<>>(settings);
    return 0;
  } catch (const CLI::CallForHelp& help) {
    return app.exit(help);
  } catch (const std::exception& error) {
    fmt::print(stderr, "train_fashion_mnist: {}\n", error.what());
    return 1;
  }
}
