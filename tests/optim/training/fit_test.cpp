#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include "../../support/temporary_file.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <csignal>
#include <limits>
#include <sstream>
#include <vector>

using namespace xgrad;

namespace {

/// Points of three classes, scattered around the corners of a triangle.
nn::Batch<float, int> points(std::size_t count, std::uint64_t seed) {
  Generator generator(seed);
  nn::Batch<float, int> all{random_normal<float>({count, 2}, 0, 1, generator), Array<int>(Shape{count})};
  for (std::size_t n = 0; n < count; ++n) {
    all.targets(n) = static_cast<int>(n % 3);
    all.inputs(n, 0) += all.targets(n) == 1 ? 2.0F : 0.0F;
    all.inputs(n, 1) += all.targets(n) == 2 ? 2.0F : 0.0F;
  }
  return all;
}

struct Net {
  nn::Linear<float> fc1{2, 8}, fc2{8, 3};
  nn::Dropout dropout{{.keep = 0.8}};
  Variable<float> operator()(const Variable<float>& x) { return fc2(dropout(relu(fc1(x)))); }
};

/// All state that a run changes.
struct World {
  World() : loader(nn::ArrayDataset(points(60, 1)), {.batch = 8, .seed = 5}) {}
  explicit World(std::uint64_t number) : World() { seed(number); }
  Net net = [] {
    seed(11);
    return Net();
  }();
  nn::DataLoader<float, int> loader;
  optim::SGD<float> sgd{nn::parameters(net), {.learning_rate = 0.1, .momentum = 0.9}};
};

bool same(const nn::StateDict& a, const nn::StateDict& b) {
  if (a.arrays.size() != b.arrays.size()) return false;
  for (std::size_t i = 0; i < a.arrays.size(); ++i) {
    if (!xt::all(xt::equal(std::get<Array<float>>(a.arrays[i].array),
                           std::get<Array<float>>(b.arrays[i].array)))) {
      return false;
    }
  }
  return true;
}

/// Records the calls.
struct Notes : optim::Monitor {
  std::vector<std::string> calls;
  optim::RunInfo info;
  std::vector<optim::BatchRecord> batches;
  optim::Details seen;
  bool wants = false;
  void begin(const optim::RunInfo& i) override { calls.push_back("begin"), info = i; }
  void batch(const optim::BatchRecord& r) override { batches.push_back(r); }
  void epoch(const optim::EpochRecord&) override { calls.push_back("epoch"); }
  bool wants_details() const override { return wants; }
  void details(const optim::Details& d) override { calls.push_back("details"), seen = d; }
  void end(const optim::RunResult& r) override { calls.push_back("end: " + r.reason_text()); }
};

}  // namespace

TEST_CASE("fit is bit-identical to a hand-written loop") {
  World by_fit(3), by_hand(3);
  seed(3);
  const auto result = optim::fit(by_fit.net, by_fit.sgd, by_fit.loader, {.epochs = 3});
  CHECK(result.reason == optim::StopReason::epochs);
  REQUIRE(result.epochs == 3);
  seed(3);
  double sum = 0;
  for (int epoch = 0; epoch < 3; ++epoch) {
    sum = 0;
    for (auto [x, y] : by_hand.loader) {
      Tape tape;
      const auto loss = nn::cross_entropy(by_hand.net(x), y);
      tape.backward(loss);
      by_hand.sgd.step();
      sum += loss.item() * static_cast<double>(y.size());
    }
  }
  CHECK(same(nn::state_dict(by_fit.net), nn::state_dict(by_hand.net)));
  CHECK(result.history[2].training_loss == doctest::Approx(sum / 60).epsilon(1e-12));
  CHECK(result.history[2].samples_seen == 180);
  CHECK(result.history[2].step == 24);
  CHECK_FALSE(result.history[2].validation_loss.has_value());
}

TEST_CASE("fit, minimize_parameters and hand-written loops work inside an open tape") {
  World alone(3), around(3);
  seed(3);
  optim::fit(alone.net, alone.sgd, alone.loader, {.epochs = 2});
  Tape watch;
  watch.check_finite(true);
  seed(3);
  optim::fit(around.net, around.sgd, around.loader, {.epochs = 2});
  CHECK(same(nn::state_dict(alone.net), nn::state_dict(around.net)));

  seed(4);
  nn::Linear<double> line(3, 1);
  const Array<double> x = random_normal<double>({50, 3});
  const Array<double> y = xt::sum(x, {1}, xt::keep_dims) + 0.5;
  optim::minimize_parameters(nn::parameters(line), [&] { return nn::quadratic_loss(line(x), y); });
  CHECK(line.bias.value()(0) == doctest::Approx(0.5));
  CHECK(line.weight.value()(0, 2) == doctest::Approx(1));
}

TEST_CASE("validation, and the order of monitor calls") {
  World world(3);
  Notes notes;
  notes.wants = true;
  const auto held_out = points(30, 2);
  const auto result =
      optim::fit(world.net, world.sgd, world.loader,
                 {.epochs = 2, .validation = held_out, .monitors = {&notes}, .title = "points"});
  CHECK(notes.calls ==
        std::vector<std::string>{"begin", "details", "epoch", "details", "epoch", "end: epochs"});
  CHECK(notes.info.title == "points");
  CHECK(notes.info.steps_per_epoch == 8);
  CHECK(notes.info.parameters == 2 * 8 + 8 + 8 * 3 + 3);
  REQUIRE(notes.batches.size() == 16);
  CHECK(notes.batches[7].samples == 60);
  CHECK(notes.batches[7].running_loss == result.history[0].training_loss);
  CHECK(notes.batches[15].learning_rate == 0.1);
  CHECK(notes.batches[15].momentum == 0.9);
  const auto found = nn::evaluate(world.net, nn::ArrayDataset(held_out));
  CHECK(result.history[1].validation_loss == found.loss);
  CHECK(result.history[1].validation_error == found.error);
  CHECK(result.best_error ==
        std::min(*result.history[0].validation_error, *result.history[1].validation_error));
  CHECK(xt::sum(notes.seen.confusion)() == 30);
  REQUIRE(notes.seen.layers.size() >= 3);
  CHECK(notes.seen.layers[0].name == "fc1");
  CHECK(notes.seen.layers[0].forward > 0);
  CHECK(notes.seen.layers[0].backward > 0);
}

TEST_CASE("validation and monitors do not change a run") {
  World plain(3), watched(3);
  seed(3);
  optim::fit(plain.net, plain.sgd, plain.loader, {.epochs = 2});
  Notes notes;
  notes.wants = true;
  seed(3);
  optim::fit(watched.net, watched.sgd, watched.loader,
             {.epochs = 2, .validation = points(30, 2), .monitors = {&notes}});
  CHECK(same(nn::state_dict(plain.net), nn::state_dict(watched.net)));
}

TEST_CASE("early stopping restores the best weights") {
  World world(3);
  std::vector<nn::StateDict> states;
  const auto result = optim::fit(
      world.net, world.sgd, world.loader,
      {.epochs = 50, .validation = points(30, 2), .early_stopping = 2, .on_epoch = [&](const auto&) {
         states.push_back(nn::state_dict(world.net));
         return false;
       }});
  CHECK(result.reason == optim::StopReason::early_stopping);
  CHECK(result.epochs == result.best_epoch + 2);
  CHECK(same(nn::state_dict(world.net), states[result.best_epoch - 1]));
  CHECK(result.history[result.best_epoch - 1].best);
}

TEST_CASE("plateaus reduce the learning rate") {
  World world(3);
  optim::fit(
      world.net, world.sgd, world.loader,
      {.epochs = 4, .reduce_on_plateau = optim::ReduceOnPlateauOptions{.patience = 0, .threshold = 0.9}});
  CHECK(world.sgd.learning_rate_scale() == doctest::Approx(1e-3));
}

TEST_CASE("callbacks stop a run") {
  World world(3);
  const auto by_batch = optim::fit(world.net, world.sgd, world.loader,
                                   {.on_batch = [](const auto& record) { return record.step == 11; }});
  CHECK(by_batch.reason == optim::StopReason::callback);
  CHECK(by_batch.epochs == 1);
  CHECK(world.sgd.steps() == 11);
  const auto by_epoch = optim::fit(world.net, world.sgd, world.loader,
                                   {.on_epoch = [](const auto& record) { return record.epoch == 2; }});
  CHECK(by_epoch.reason == optim::StopReason::callback);
  CHECK(by_epoch.epochs == 2);
}

TEST_CASE("on_gradients is called between the backward pass and the step") {
  World world;
  std::size_t calls = 0;
  bool has_gradients = true;
  const auto result = optim::fit(world.net, world.sgd, world.loader,
                                 {.epochs = 2, .on_gradients = [&] {
                                    ++calls;
                                    for (const auto& each : nn::parameters(world.net)) {
                                      has_gradients = has_gradients && each.parameter.has_grad();
                                    }
                                  }});
  CHECK(calls == 2 * world.loader.batches());
  CHECK(result.history.back().step == calls);
  CHECK(has_gradients);
}

TEST_CASE("a custom loss, and real-valued targets") {
  seed(1);
  nn::Linear<double> line(1, 1);
  const Array<double> x = random_uniform<double>({64, 1}, -1, 1);
  nn::DataLoader<double, double> loader(x, Array<double>(3.0 * x + 1.0), {.batch = 16});
  optim::SGD<double> sgd(nn::parameters(line), {.learning_rate = 0.1});
  const auto result = optim::fit(line, sgd, loader, {.epochs = 100});
  CHECK(line.weight.value()(0) == doctest::Approx(3).epsilon(1e-3));
  CHECK_FALSE(result.history[0].training_error.has_value());
  const auto absolute =
      optim::fit(line, sgd, loader,
                 {.epochs = 1, .loss = [](const auto& y, const auto& t) { return mean(abs(y - t)); }});
  CHECK(absolute.history[0].training_loss < 0.1);
}

// A shell that starts the tests in the background makes them ignore SIGINT.
[[maybe_unused]] const auto inherited = std::signal(SIGINT, SIG_DFL);

TEST_CASE("an ignored signal stays ignored") {
  World world(3);
  std::signal(SIGINT, SIG_IGN);
  const auto result =
      optim::fit(world.net, world.sgd, world.loader, {.epochs = 1, .on_batch = [](const auto&) {
                                                        std::raise(SIGINT);
                                                        return false;
                                                      }});
  CHECK(result.signal == 0);
  CHECK(result.reason == optim::StopReason::epochs);
  const bool stays = std::signal(SIGINT, SIG_DFL) == SIG_IGN;
  CHECK(stays);
}

TEST_CASE("a run stopped by SIGINT resumes as if uninterrupted") {
  const check::TemporaryFile file;
  World whole(3);
  seed(3);
  optim::fit(whole.net, whole.sgd, whole.loader, {.epochs = 3});
  for (const std::size_t at : {1, 8, 11, 16}) {  // within an epoch and at its end
    CAPTURE(at);
    World first(3);
    seed(3);
    const auto part = optim::fit(first.net, first.sgd, first.loader,
                                 {.epochs = 3, .checkpoint = file.path, .on_batch = [&](const auto& record) {
                                    if (record.step == at) std::raise(SIGINT);
                                    return false;
                                  }});
    CHECK(part.reason == optim::StopReason::interrupted);
    CHECK(part.interrupted());
    CHECK(part.exit_status() == 130);
    CHECK(first.sgd.steps() == at);
    World second(99);
    const auto rest = optim::fit(second.net, second.sgd, second.loader, {.epochs = 3, .resume = file.path});
    CHECK(rest.reason == optim::StopReason::epochs);
    CHECK(rest.history.size() == 3);
    CHECK(second.sgd.steps() == 24);
    CHECK(same(nn::state_dict(second.net), nn::state_dict(whole.net)));
  }
}

TEST_CASE("the result reports the signal, whenever it arrives") {
  World world(3);
  const auto run = [&](auto on_batch, auto on_epoch) {
    return optim::fit(world.net, world.sgd, world.loader,
                      {.epochs = 1, .on_batch = on_batch, .on_epoch = on_epoch});
  };
  const auto none = [](const auto&) { return false; };
  const auto quiet = run(none, none);
  CHECK(quiet.signal == 0);
  CHECK(quiet.exit_status() == 0);
  CHECK_FALSE(quiet.interrupted());
  const auto terminated = run([](const auto&) { return std::raise(SIGTERM) != 0; }, none);
  CHECK(terminated.signal == SIGTERM);
  CHECK(terminated.exit_status() == 143);
  CHECK(terminated.interrupted());

  // After the loop's last check: in a monitor's callback at the end of the last epoch.
  struct Late : optim::Monitor {
    void epoch(const optim::EpochRecord&) override { std::raise(SIGINT); }
  } late;
  const auto result = optim::fit(world.net, world.sgd, world.loader, {.epochs = 1, .monitors = {&late}});
  CHECK(result.reason == optim::StopReason::epochs);
  CHECK(result.exit_status() == 130);
}

TEST_CASE("the previous signal handler is restored") {
  static int count = 0;
  std::signal(SIGINT, [](int) { ++count; });
  World world(3);
  optim::fit(world.net, world.sgd, world.loader, {.epochs = 1, .on_batch = [](const auto& record) {
                                                    if (record.step == 1)
                                                      std::raise(SIGINT), std::raise(SIGINT);
                                                    return false;
                                                  }});
  CHECK(count == 1);  // by the second signal
  std::raise(SIGINT);
  CHECK(count == 2);
  std::signal(SIGINT, SIG_DFL);
}

TEST_CASE("resuming a run that stopped early does not train further") {
  const check::TemporaryFile file;
  World first(3);
  const auto options = [&](const std::filesystem::path& resume) {
    return optim::FitOptions<float, int>{.epochs = 50,
                                         .validation = points(30, 2),
                                         .early_stopping = 1,
                                         .checkpoint = file.path,
                                         .resume = resume};
  };
  const auto stopped = optim::fit(first.net, first.sgd, first.loader, options({}));
  REQUIRE(stopped.reason == optim::StopReason::early_stopping);
  World second(4);
  const auto again = optim::fit(second.net, second.sgd, second.loader, options(file.path));
  CHECK(again.reason == optim::StopReason::early_stopping);
  CHECK(again.epochs == stopped.epochs);
  CHECK(same(nn::state_dict(first.net), nn::state_dict(second.net)));
}

TEST_CASE("a finished run can be resumed for more epochs") {
  const check::TemporaryFile file;
  World whole(3), part(3);
  seed(3);
  optim::fit(whole.net, whole.sgd, whole.loader, {.epochs = 4});
  seed(3);
  optim::fit(part.net, part.sgd, part.loader, {.epochs = 2, .checkpoint = file.path});
  World rest(5);
  optim::fit(rest.net, rest.sgd, rest.loader, {.epochs = 4, .resume = file.path});
  CHECK(same(nn::state_dict(rest.net), nn::state_dict(whole.net)));
}

TEST_CASE("a non-finite loss is an error and leaves the last checkpoint") {
  const check::TemporaryFile file;
  World world(3);
  Notes notes;
  const auto explode = [](const auto& y, const auto& labels) {
    static int calls = 0;
    return nn::cross_entropy(y, labels) * (++calls > 10 ? std::numeric_limits<double>::infinity() : 1);
  };
  CHECK_THROWS_WITH_AS(optim::fit(world.net, world.sgd, world.loader,
                                  {.loss = explode, .checkpoint = file.path, .monitors = {&notes}}),
                       "fit: the loss is inf at step 10, in epoch 2: try a smaller learning rate", Error);
  CHECK(notes.calls.back() ==
        "end: fit: the loss is inf at step 10, in epoch 2: try a smaller learning rate");
  World other(3);
  CHECK(optim::fit(other.net, other.sgd, other.loader, {.epochs = 1, .resume = file.path}).epochs == 1);
  CHECK(other.sgd.steps() == 8);
}

namespace {

/// Throws in the callbacks named in `where`.
struct Failing : optim::Monitor {
  explicit Failing(std::string at, std::string name = "disk full")
      : where(std::move(at)), what(std::move(name)) {}
  std::string where, what;
  void fail(const char* at) const {
    if (where.find(at) != std::string::npos) throw FileError(what + " in " + at);
  }
  void begin(const optim::RunInfo&) override { fail("begin"); }
  void batch(const optim::BatchRecord& r) override {
    if (r.step == 11) fail("batch");
  }
  void epoch(const optim::EpochRecord& r) override {
    if (r.epoch == 2) fail("epoch");
  }
  void end(const optim::RunResult&) override { fail("end"); }
};

std::string message_of(World& world, const optim::FitOptions<float, int>& options) {
  try {
    optim::fit(world.net, world.sgd, world.loader, options);
  } catch (const FileError& error) {
    return error.what();
  }
  return "no FileError";
}

}  // namespace

TEST_CASE("a monitor that throws does not prevent the checkpoint, and its error is reported") {
  World whole(3);
  seed(3);
  optim::fit(whole.net, whole.sgd, whole.loader, {.epochs = 3});
  for (const char* where : {"epoch", "batch"}) {
    CAPTURE(where);
    const check::TemporaryFile file;
    World first(3);
    seed(3);
    Failing failing(where);
    Notes notes;
    CHECK(message_of(first, {.epochs = 3, .checkpoint = file.path, .monitors = {&failing, &notes}}) ==
          std::string("disk full in ") + where);
    CHECK(notes.calls.back() == std::string("end: disk full in ") + where);  // the other monitors are called
    const std::size_t at = first.sgd.steps();
    CHECK(at == (std::string(where) == "batch" ? 11 : 16));
    World second(99);
    const auto rest = optim::fit(second.net, second.sgd, second.loader, {.epochs = 3, .resume = file.path});
    CHECK(second.sgd.steps() == 24);
    CHECK(rest.history.size() == 3);
    CHECK(rest.history[0].step == 8);
    CHECK(same(nn::state_dict(second.net), nn::state_dict(whole.net)));
  }
}

TEST_CASE("the epoch is saved before the monitors are called") {
  const check::TemporaryFile file;
  struct Reader : optim::Monitor {
    std::filesystem::path path;
    std::vector<std::string> epochs;
    void epoch(const optim::EpochRecord&) override {
      const Generator present = default_generator();
      epochs.push_back(optim::load_checkpoint(path).at("fit").metadata.at("epoch"));
      default_generator() = present;
    }
  } reader;
  reader.path = file.path;
  World world(3);
  optim::fit(world.net, world.sgd, world.loader,
             {.epochs = 2, .checkpoint = file.path, .monitors = {&reader}});
  CHECK(reader.epochs == std::vector<std::string>{"1", "2"});
}

TEST_CASE("the first error is thrown, with the messages of the later ones") {
  World world(3);
  Failing first("epoch end", "one"), second("epoch", "two"), third("end", "three");
  CHECK(message_of(world, {.epochs = 3, .monitors = {&first, &second, &third}}) ==
        "one in epoch; also, in a monitor's epoch: two in epoch; also, in a monitor's end: one in end; also, "
        "in a "
        "monitor's end: three in end");

  // An error in training comes before one of a monitor.
  const auto fails = [](const auto& y, const auto& labels) {
    static int calls = 0;
    if (++calls > 10) throw LinearAlgebraError("singular");
    return nn::cross_entropy(y, labels);
  };
  Failing at_end("end");
  CHECK_THROWS_WITH_AS(optim::fit(world.net, world.sgd, world.loader, {.loss = fails, .monitors = {&at_end}}),
                       "singular; also, in a monitor's end: disk full in end", LinearAlgebraError);

  // A type that is not derived from std::exception is rethrown unchanged.
  struct Own {
    int number;
  };
  const auto own = [](const optim::EpochRecord&) -> bool { throw Own{7}; };
  try {
    optim::fit(world.net, world.sgd, world.loader, {.monitors = {&at_end}, .on_epoch = own});
    FAIL("nothing was thrown");
  } catch (const Own& thrown) {
    CHECK(thrown.number == 7);
  }

  // If a monitor throws in begin, nothing is trained, and end of the other monitors is called.
  World other(3);
  Notes notes;
  Failing at_begin("begin");
  CHECK(message_of(other, {.monitors = {&notes, &at_begin}}) == "disk full in begin");
  CHECK(notes.calls == std::vector<std::string>{"begin", "end: disk full in begin"});
  CHECK(other.sgd.steps() == 0);
}

TEST_CASE("changes made by on_epoch are in the epoch's checkpoint, even if it throws") {
  for (const bool throws : {false, true}) {
    const check::TemporaryFile file;
    World first(3);
    const auto change = [&](const optim::EpochRecord& record) {
      Array<float> bias(first.net.fc2.bias.value());
      bias.fill(static_cast<float>(record.epoch));
      nn::parameters(first.net)[3].parameter.set_value(bias);
      if (throws) throw std::runtime_error("later");
      return true;
    };
    try {
      optim::fit(first.net, first.sgd, first.loader, {.checkpoint = file.path, .on_epoch = change});
    } catch (const std::runtime_error& error) {
      CHECK(std::string(error.what()) == "later");
    }
    World second(4);
    optim::fit(second.net, second.sgd, second.loader, {.epochs = 1, .resume = file.path});
    CHECK(second.net.fc2.bias.value()(0) == 1);
  }
}

TEST_CASE("invalid and inconsistent options are rejected") {
  World world(3);
  const auto message = [&](const optim::FitOptions<float, int>& options) {
    try {
      optim::fit(world.net, world.sgd, world.loader, options);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message({.epochs = 0}) == "fit: expected at least 1 epoch, got 0");
  CHECK(message({.early_stopping = 1}) == "fit: early_stopping requires validation samples, got none");
  CHECK(message({.checkpoint_every = 1}) ==
        "fit: checkpoint_every requires a file name in checkpoint, got none");
  CHECK(message({.monitors = {nullptr}}) == "fit: expected monitors, got a null pointer");
  CHECK(
      message({.resume = "/no/such/file"}).starts_with("fit: cannot resume from /no/such/file: cannot read"));
}

TEST_CASE("checkpoints that do not fit are rejected") {
  const check::TemporaryFile file;
  World world(3);
  optim::fit(world.net, world.sgd, world.loader, {.epochs = 1, .checkpoint = file.path});
  const auto message = [&](auto& optimizer, const optim::FitOptions<float, int>& options) {
    try {
      optim::fit(world.net, optimizer, world.loader, options);
    } catch (const FileError& error) {
      const std::string text = error.what();
      return text.substr(text.find(": ", 30) + 2);
    }
    return std::string();
  };
  optim::Adam<float> adam(nn::parameters(world.net));
  CHECK(message(adam, {.resume = file.path}).find("Adam: the state does not fit: it is the state of SGD") ==
        0);
  CHECK(message(world.sgd, {.validation = points(30, 2), .early_stopping = 1, .resume = file.path}) ==
        "it was written with different options (early_stopping, reduce_on_plateau)");
  nn::save(world.net, file.path);
  CHECK(message(world.sgd, {.resume = file.path}).ends_with("it is not a checkpoint of this version"));
}

TEST_CASE("evaluate: the mean over the set, independent of the batch size, in test mode") {
  World world(3);
  const nn::ArrayDataset set(points(50, 4));
  const auto whole = nn::evaluate(world.net, set, nn::DefaultLoss{}, 50);
  const auto parts = nn::evaluate(world.net, set, nn::DefaultLoss{}, 7);
  CHECK(parts.loss == doctest::Approx(whole.loss).epsilon(1e-6));
  CHECK(parts.error == whole.error);
  CHECK(world.net.dropout.training);
  nn::eval(world.net);
  CHECK(whole.error == nn::zero_one_loss(world.net(set.inputs()), set.targets()));
  CHECK(nn::risk(world.net, set) ==
        doctest::Approx(nn::cross_entropy(world.net(set.inputs()), set.targets()).item()));
  nn::evaluate(world.net, set);
  CHECK_FALSE(world.net.dropout.training);
  CHECK_THROWS_WITH_AS(nn::evaluate(world.net, nn::AnyDataset<float, int>()),
                       "evaluate: expected at least one sample, got an empty set", ValueError);
}
