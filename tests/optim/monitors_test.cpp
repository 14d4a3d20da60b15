#include <autodiff/error.hpp>
#include <optim/json_lines.hpp>
#include <optim/progress_bar.hpp>

#include "../support/temporary_file.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <pty.h>
#include <unistd.h>

#include <cmath>
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
                               .training_risk = 0.34121,
                               .training_error = 0.1231,
                               .validation_risk = 0.3,
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
                              .risk = 2,
                              .running_risk = 1.5,
                              .running_error = 0.5,
                              .learning_rate = 0.05,
                              .momentum = 0.9,
                              .seconds = 1,
                              .samples_per_second = 10};

/// What a run prints.
void run(optim::Monitor& monitor) {
  monitor.begin({.title = "a net", .epochs = 12});
  monitor.batch(step);
  monitor.epoch(third);
  monitor.end({.reason = "early stopping", .best_epoch = 3});
}

std::vector<nlohmann::json> lines(const std::filesystem::path& path) {
  std::vector<nlohmann::json> all;
  std::istringstream text(check::read_file(path));
  for (std::string line; std::getline(text, line);) all.push_back(nlohmann::json::parse(line));
  return all;
}

}  // namespace

TEST_CASE("where there is no terminal, a line for each epoch") {
  const check::TemporaryFile file;
  std::FILE* out = std::fopen(file.path.c_str(), "w");
  optim::ProgressBar bar(out);
  run(bar);
  std::fclose(out);
  CHECK(check::read_file(file.path) ==
        "a net\n"
        "epoch  3/12  risk 0.3412  error 12.31 %  validation risk 0.3000  error 11.70 %  5.2 s  1000 "
        "samples/s  *\n"
        "stopped: early stopping; epoch 3 was the best\n");
}

TEST_CASE("on a terminal, a bar as wide as fits, which the epoch's line replaces") {
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
      CHECK(
          text.find(
              "[===============               ]  50 %  risk 1.5000  error 50.00 %  10 samples/s  5 s left") !=
          std::string::npos);
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

TEST_CASE("numbers that are not finite are null") {
  const check::TemporaryFile file;
  optim::JsonLines json(file.path);
  json.begin({.title = "\xff"});
  json.epoch({.epoch = 1, .training_risk = std::nan(""), .learning_rate = HUGE_VAL});
  const auto all = lines(file.path);
  CHECK(all[1]["training_risk"] == nullptr);
  CHECK(all[1]["learning_rate"] == nullptr);
  CHECK(all[1]["validation_risk"] == nullptr);
}

TEST_CASE("a run that goes on keeps the lines of the epochs before, and no others") {
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

TEST_CASE("a file that cannot be written is an error") {
  optim::JsonLines json("/no/such/folder/run.jsonl");
  CHECK_THROWS_WITH_AS(json.begin({}), "cannot write /no/such/folder/run.jsonl: No such file or directory",
                       FileError);
}
