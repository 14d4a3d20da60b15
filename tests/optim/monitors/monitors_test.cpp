#include <autodiff/error.hpp>
#include <optim/monitors/json_lines.hpp>
#include <optim/monitors/progress_bar.hpp>
#include <optim/monitors/tensorboard.hpp>
#include <optim/training/checkpoint.hpp>

#include "../../support/temporary_file.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <pty.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

using namespace xgrad;

namespace {

const optim::EpochRecord third{.epoch = 3,
                               .step = 30,
                               .samples_seen = 300,
                               .training_loss = 0.34121,
                               .training_error = 0.1231,
                               .validation_loss = 0.3,
                               .validation_error = 0.117,
                               .learning_rate = 0.05,
                               .momentum = 0.9,
                               .seconds = 5.21,
                               .samples_per_second = 1000,
                               .waiting_share = 0.01,
                               .best = true};
const optim::BatchRecord step{.epoch = 1,
                              .epochs = 12,
                              .step = 4,
                              .samples = 50,
                              .samples_per_epoch = 100,
                              .loss = 2,
                              .running_loss = 1.5,
                              .running_error = 0.5,
                              .learning_rate = 0.05,
                              .momentum = 0.9,
                              .seconds = 1,
                              .samples_per_second = 10};

/// The calls of a short run.
void run(optim::Monitor& monitor) {
  monitor.begin({.title = "a net", .epochs = 12});
  monitor.batch(step);
  monitor.epoch(third);
  monitor.end({.reason = optim::StopReason::early_stopping, .best_epoch = 3});
}

std::vector<nlohmann::json> lines(const std::filesystem::path& path) {
  std::vector<nlohmann::json> all;
  std::istringstream text(check::read_file(path));
  for (std::string line; std::getline(text, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

}  // namespace

TEST_CASE("without a terminal, ProgressBar prints a line for each epoch") {
  const check::TemporaryFile file;
  std::FILE* out = std::fopen(file.path.c_str(), "w");
  optim::ProgressBar bar(out);
  run(bar);
  std::fclose(out);
  CHECK(check::read_file(file.path) ==
        "a net\n"
        "epoch  3/12  loss 0.3412  error 12.31 %  validation 0.3000  11.70 %  5.2 s  *\n"
        "stopped: early stopping; epoch 3 was the best\n");
}

TEST_CASE("the line of an epoch fits in 80 columns") {
  const double losses[] = {0,      0.34121, 9.99996, 12.3456,  99999.4,  1e5,
                           3.4e-7, 1.7e308, 5e-324,  -123.456, HUGE_VAL, std::nan("")};
  const double seconds[] = {0, 0.004, 5.21, 59.96, 61, 3599.9, 86399, 1e6, 1e300};
  for (const std::size_t epochs : {1UL, 12UL, 200UL, 100000UL, ~0UL}) {
    for (const double loss : losses) {
      for (const double time : seconds) {
        optim::EpochRecord record = third;
        record.epoch = epochs;
        record.training_loss = loss, record.validation_loss = loss;
        record.training_error = 1, record.validation_error = 0.99994;
        record.seconds = time;
        const std::string line = optim::to_string(record, epochs);
        CAPTURE(line);
        CHECK(line.size() <= 80);
        if (epochs <= 100000) CHECK(line.ends_with(" *"));
      }
    }
  }
  optim::EpochRecord record = third;
  record.epoch = 103;
  CHECK(optim::to_string(record, 200) ==
        "epoch 103/200  loss 0.3412  error 12.31 %  validation 0.3000  11.70 %  5.2 s  *");
  record.training_loss = 12.3456, record.validation_loss = 1.5e7, record.seconds = 3725;
  record.training_error = record.validation_error = std::nullopt;
  CHECK(optim::to_string(record, 200) == "epoch 103/200  loss 12.346  validation 1.5e+07  1:02:05  *");
}

TEST_CASE("an output that cannot be written does not end a run") {
  std::FILE* full = std::fopen("/dev/full", "w");
  REQUIRE(full != nullptr);
  optim::ProgressBar bar(full);
  for (int i = 0; i < 1000; ++i) CHECK_NOTHROW(run(bar));
  std::fclose(full);
}

TEST_CASE("if standard output is closed, no file reuses its descriptor") {
  const check::TemporaryFile lines, folder, checkpoint;
  std::fflush(stdout);
  const int kept = dup(STDOUT_FILENO);
  close(STDOUT_FILENO);
  {
    optim::JsonLines json(lines.path);
    json.begin({.title = "a net"});
    optim::SummaryWriter writer(folder.path);
    optim::save_checkpoint(checkpoint.path, {{"part", {}}});
    (void)!write(STDOUT_FILENO, "progress", 8);
    CHECK(fcntl(STDOUT_FILENO, F_GETFD) == -1);
    json.epoch(third);
    writer.add_scalar("a", 1, 1);
    CHECK(check::read_file(writer.path()).find("progress") == std::string::npos);
  }
  dup2(kept, STDOUT_FILENO);
  close(kept);
  CHECK(check::read_file(lines.path).find("progress") == std::string::npos);
  CHECK(check::read_file(checkpoint.path).find("progress") == std::string::npos);
}

TEST_CASE("on a terminal, a bar that fits the width and is replaced by the epoch's line") {
  for (const std::uint16_t width : {std::uint16_t{120}, std::uint16_t{80}, std::uint16_t{30}}) {
    int terminal = 0, program = 0;
    winsize size{.ws_row = 24, .ws_col = width, .ws_xpixel = 0, .ws_ypixel = 0};
    REQUIRE(openpty(&terminal, &program, nullptr, nullptr, &size) == 0);
    std::FILE* out = fdopen(program, "w");
    optim::ProgressBar bar(out);
    bar.begin({.epochs = 12});
    bar.batch(step);
    std::fflush(out);
    char bytes[4096];
    const auto count = read(terminal, bytes, sizeof bytes);
    REQUIRE(count > 0);
    const std::string text(bytes, static_cast<std::size_t>(count));
    CHECK(text.starts_with("\r\033[Kepoch 1/12 "));
    CHECK(text.size() - 4 < width);
    if (width == 120) {
      CHECK(text.find("[===============               ]  50 %  loss 1.5000  error 50.00 %  10 samples/s  5.0 "
                      "s left") != std::string::npos);
    }
    bar.epoch(third);
    std::fflush(out);
    const auto more = read(terminal, bytes, sizeof bytes);
    CHECK(std::string(bytes, static_cast<std::size_t>(more)).starts_with("\r\033[Kepoch  3/12"));
    std::fclose(out);
    close(terminal);
  }
}

TEST_CASE("JSON lines") {
  const check::TemporaryFile file;
  optim::JsonLines json(file.path, 2);
  run(json);
  const auto all = lines(file.path);
  REQUIRE(all.size() == 4);
  CHECK(all[0]["kind"] == "run");
  CHECK(all[0]["title"] == "a net");
  CHECK(all[1]["kind"] == "step");
  CHECK(all[1]["running_error"] == 0.5);
  CHECK(all[2]["validation_error"] == 0.117);
  CHECK(all[2]["best"] == true);
  CHECK(all[3]["reason"] == "early stopping");
  CHECK(all[3]["best_error"] == nullptr);
}

TEST_CASE("non-finite numbers are null") {
  const check::TemporaryFile file;
  optim::JsonLines json(file.path);
  json.begin({.title = "\xff"});
  json.epoch({.epoch = 1, .training_loss = std::nan(""), .learning_rate = HUGE_VAL});
  const auto all = lines(file.path);
  CHECK(all[1]["training_loss"] == nullptr);
  CHECK(all[1]["learning_rate"] == nullptr);
  CHECK(all[1]["validation_loss"] == nullptr);
}

TEST_CASE("a resumed run keeps the lines of the epochs before it, and no others") {
  const check::TemporaryFile file;
  {
    optim::JsonLines json(file.path, 1);
    json.begin({.title = "first"});
    for (std::size_t s = 1; s <= 5; ++s) {
      optim::BatchRecord record = step;
      record.step = s;
      json.batch(record);
      if (s % 2 == 0) json.epoch({.epoch = s / 2, .step = s});
    }
  }
  std::ofstream(file.path, std::ios::app) << "{\"kind\": \"ep";  // killed while writing
  optim::JsonLines json(file.path, 1);
  json.begin({.title = "second", .history = {{.epoch = 1, .step = 2}}});
  const auto all = lines(file.path);
  REQUIRE(all.size() == 4);
  CHECK(all[0]["title"] == "second");
  CHECK(all[3]["kind"] == "epoch");
  CHECK(all[3]["step"] == 2);
}

TEST_CASE("a run resumed within an epoch keeps the lines of all steps before it") {
  for (const std::size_t checkpoint : {1UL, 3UL, 5UL}) {
    CAPTURE(checkpoint);
    const check::TemporaryFile file;
    {
      optim::JsonLines json(file.path, 1);
      json.begin({});
      for (std::size_t s = 1; s <= 7; ++s) {
        optim::BatchRecord record = step;
        record.step = s;
        json.batch(record);
        if (s % 4 == 0) json.epoch({.epoch = s / 4, .step = s});
      }
    }
    std::ofstream(file.path, std::ios::app) << "{\"kind\":\"step\",\"step\":1";  // killed while writing
    optim::JsonLines json(file.path, 1);
    optim::RunInfo info{.step = checkpoint};
    if (checkpoint > 4) info.history = {{.epoch = 1, .step = 4}};
    json.begin(info);
    std::vector<std::size_t> steps;
    std::size_t epochs = 0;
    for (const auto& line : lines(file.path)) {
      if (line["kind"] == "step") steps.push_back(line["step"]);
      if (line["kind"] == "epoch") ++epochs;
    }
    std::vector<std::size_t> expected;
    for (std::size_t s = 1; s <= checkpoint; ++s) expected.push_back(s);
    CHECK(steps == expected);
    CHECK(epochs == (checkpoint > 4 ? 1 : 0));
    json.end({.reason = optim::StopReason::epochs});
    CHECK(lines(file.path).back()["kind"] == "end");
  }
}

TEST_CASE("a full disk leaves only complete lines") {
  const check::TemporaryFile file;
  const pid_t child = fork();  // the limit applies to the whole process
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 1000, .rlim_max = 1000};
    setrlimit(RLIMIT_FSIZE, &limit);
    int status = 1;
    try {
      optim::JsonLines json(file.path);
      json.begin({});
      for (int i = 0; i < 100; ++i) json.epoch(third);
    } catch (const FileError&) {
      status = 0;
    }
    _exit(status);
  }
  int status = -1;
  waitpid(child, &status, 0);
  CHECK(status == 0);
  CHECK(lines(file.path).size() >= 2);
  CHECK(check::read_file(file.path).ends_with("\n"));
}

TEST_CASE("a file that cannot be written is an error") {
  optim::JsonLines json("/no/such/folder/run.jsonl");
  CHECK_THROWS_WITH_AS(json.begin({}), "cannot write /no/such/folder/run.jsonl: No such file or directory",
                       FileError);
}
