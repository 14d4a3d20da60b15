#include <autodiff/error.hpp>
#include <autodiff/random.hpp>
#include <optim/monitors/report.hpp>

#include "../../support/temporary_file.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

using namespace xgrad;

namespace {

optim::Details made_up() {
  optim::Details details;
  details.confusion = Array<std::int64_t>(Shape{2, 2}, 0);
  details.confusion(0, 0) = 90, details.confusion(0, 1) = 10, details.confusion(1, 1) = 100;
  details.worst = {{random_uniform<float>({28, 28, 1}), 0, 1, 0.987}};
  details.filters = {{"conv.weight", random_uniform<float>({3, 5, 5, 1})}};
  details.layers = {{"conv", 1.5, 3}, {"relu", 0.25, 0.125}};
  return details;
}

bool has(const std::string& page, const std::string& text) { return page.find(text) != std::string::npos; }

}  // namespace

TEST_CASE("the page is complete, self-contained, and reloads until the end of the run") {
  const check::TemporaryFile file;
  optim::Report report(file.path);
  CHECK(report.wants_details());
  report.begin({.title = "LeNet-5 <on> clothes",
                .epochs = 2,
                .parameters = 61706,
                .settings = {{"batch", "64"}},
                .classes = {"shirt", "a & b"}});
  CHECK(has(check::read_file(file.path), "<body class=\"runs\""));
  CHECK(has(check::read_file(file.path), "epoch 1 of 2"));
  for (std::size_t epoch = 1; epoch <= 2; ++epoch) {
    report.details(made_up());
    report.epoch({.epoch = epoch,
                  .training_loss = 1.0 / static_cast<double>(epoch),
                  .training_error = 0.2,
                  .validation_loss = 0.5,
                  .validation_error = 0.125,
                  .learning_rate = 0.1,
                  .momentum = 0.9,
                  .best = epoch == 2});
    CHECK(has(check::read_file(file.path), "<body class=\"runs\""));
    CHECK(has(check::read_file(file.path), epoch == 1 ? "epoch 2 of 2" : "epoch 2 of 2 is done"));
    CHECK_FALSE(has(check::read_file(file.path), "epoch 3"));
  }
  report.end({.reason = optim::StopReason::epochs});
  const std::string page = check::read_file(file.path);
  CHECK_FALSE(has(page, "<body class=\"runs\""));
  CHECK(has(page, "<body class=\"finished\""));
  for (const char* text :
       {"LeNet-5 &lt;on&gt; clothes", "61706", "batch", "a &amp; b", ">90<", ">10<", "98.7 % sure",
        "Filters of conv.weight", "12.50 %", "Learning rate", "Momentum", "best: 2", "xgrad 0.", " UTC",
        "data:image/png;base64,iVBOR", "<tr class=\"best\"><td>2</td>"}) {
    CAPTURE(text);
    CHECK(has(page, text));
  }
  // Self-contained: the only URLs are the namespace name of SVG.
  for (std::size_t at = page.find("http://"); at != std::string::npos; at = page.find("http://", at + 1)) {
    CHECK(page.substr(at, 26) == "http://www.w3.org/2000/svg");
  }
  CHECK_FALSE(has(page, "https://"));
}

TEST_CASE("a run without validation, classes or images") {
  const check::TemporaryFile file;
  optim::Report report(file.path);
  report.begin({.epochs = 1});
  report.details({});
  report.epoch({.epoch = 1, .training_loss = 3});
  report.end({.reason = optim::StopReason::interrupted});
  const std::string page = check::read_file(file.path);
  CHECK(has(page, "stopped: interrupted"));
  CHECK_FALSE(has(page, "Confusion matrix"));
  CHECK_FALSE(has(page, "nan"));
}

TEST_CASE("a regression run has no chart, column or figure for errors") {
  const check::TemporaryFile file;
  optim::Report report(file.path);
  report.begin({.epochs = 3});
  for (std::size_t epoch = 1; epoch <= 3; ++epoch) {
    report.epoch({.epoch = epoch,
                  .training_loss = 3,
                  .validation_loss = 2.5,
                  .learning_rate = 0.1,
                  .best = epoch == 1});
  }
  const std::string page = check::read_file(file.path);
  CHECK(has(page, ">Loss<"));
  CHECK_FALSE(has(page, "rror<"));       // Error, error
  CHECK_FALSE(has(page, ">Momentum<"));  // always 0
  CHECK(has(page, "best validation loss, epoch 1"));
}

TEST_CASE("losses that span orders of magnitude have a logarithmic axis") {
  const auto page = [](std::vector<double> losses) {
    const check::TemporaryFile file;
    optim::Report report(file.path);
    report.begin({.epochs = 10});
    for (std::size_t i = 0; i < losses.size(); ++i)
      report.epoch({.epoch = i + 1, .training_loss = losses[i]});
    return check::read_file(file.path);
  };
  CHECK(has(page({0.7, 0.6, 1e4, 1e12}), "mean loss, logarithmic"));
  CHECK_FALSE(has(page({2.3, 0.6, 0.3}), "logarithmic"));
  CHECK_FALSE(has(page({2.3, 0.1, 0}), "logarithmic"));
  CHECK_FALSE(has(page({-1, 1e9}), "logarithmic"));
  CHECK(page({1e300, 1e-300}).size() < 40'000);
}

TEST_CASE("with many classes the matrix is an image with a table of the most frequent confusions") {
  const check::TemporaryFile file;
  optim::Report report(file.path);
  report.begin({.epochs = 1, .classes = {"<a>", "b"}});
  optim::Details details;
  details.confusion = Array<std::int64_t>(Shape{100, 100}, 1);
  details.confusion(0, 1) = 102;
  report.details(details);
  report.epoch({.epoch = 1, .training_loss = 3});
  const std::string page = check::read_file(file.path);
  CHECK(has(page, "<tr><td>&lt;a&gt;</td><td>b</td><td>102</td><td>51 %</td></tr>"));  // of 201
  CHECK(has(page, "class=\"map\""));
  CHECK(page.size() < 100'000);
}

TEST_CASE("layer times by type, slowest first, and by layer") {
  const check::TemporaryFile file;
  optim::Report report(file.path);
  report.begin({.epochs = 1});
  optim::Details details;
  details.layers = {{"a", 1, 1, "relu"}, {"conv1", 2, 3, "conv2d"}, {"conv2", 4, 5, "conv2d"}};
  report.details(details);
  report.epoch({.epoch = 1, .training_loss = 3});
  const std::string page = check::read_file(file.path);
  const std::size_t convolutions = page.find("<td>conv2d</td><td>2</td><td>6.000</td><td>8.000</td>");
  REQUIRE(convolutions != std::string::npos);
  CHECK(page.find("<td>relu</td><td>1</td><td>1.000</td><td>1.000</td>") > convolutions);
  CHECK(has(page, "<td>conv2</td><td>conv2d</td>"));
}

TEST_CASE("the page of a long run has bounded size") {
  const check::TemporaryFile file;
  optim::Report report(file.path);
  optim::RunInfo info{.epochs = 20'001};
  for (std::size_t e = 1; e <= 20'000; ++e) {
    info.history.push_back({.epoch = e,
                            .step = e,
                            .training_loss = 1.0 / static_cast<double>(e),
                            .validation_loss = static_cast<double>(e % 7)});
  }
  report.begin(info);
  CHECK(std::filesystem::file_size(file.path) < 400'000);
}

TEST_CASE("add_figure, also after the end of the run") {
  const check::TemporaryFile file;
  optim::Report report(file.path);
  report.add_figure("seed", "1");
  CHECK_FALSE(std::filesystem::exists(file.path));
  report.begin({.epochs = 1});
  report.end({.reason = optim::StopReason::epochs});
  report.add_figure("test <error>", "9 %");
  report.add_figure("test <error>", "10.43 %");
  const std::string page = check::read_file(file.path);
  CHECK(has(page, "<b>10.43 %</b><span>test &lt;error&gt;</span>"));
  CHECK(has(page, "<b>1</b><span>seed</span>"));
  CHECK_FALSE(has(page, "<b>9 %</b>"));
  CHECK(has(page, "<body class=\"finished\""));
}

TEST_CASE("between epochs the page is rewritten with the current time") {
  const check::TemporaryFile file;
  optim::Report report(file.path);
  report.begin({.epochs = 1});
  const auto written = [&] {
    const std::string page = check::read_file(file.path);
    const std::size_t at = page.find("data-written=\"") + 14;
    return std::stoll(page.substr(at, page.find('"', at) - at));
  };
  const auto first = written();
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  CHECK(std::abs(now.count() - first) < 10'000);
  report.batch({.epoch = 1, .epochs = 1, .samples = 25, .samples_per_epoch = 100});
  for (int i = 0; i < 300 && written() == first; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  CHECK(written() >= first + 1000);
  CHECK(has(check::read_file(file.path), "epoch 1 of 1, 25 %"));
}

TEST_CASE("a page that cannot be written is an error") {
  optim::Report report("/no/such/folder/report.html");
  CHECK_THROWS_AS(report.begin({}), FileError);
}
