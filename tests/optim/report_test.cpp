#include <autodiff/error.hpp>
#include <autodiff/random.hpp>
#include <optim/report.hpp>

#include "../support/temporary_file.hpp"

#include <doctest/doctest.h>

#include <string>

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

TEST_CASE("the page has everything, needs nothing, and reloads until the end") {
  const check::TemporaryFile file;
  optim::Report report(file.path);
  CHECK(report.wants_details());
  report.begin({.title = "LeNet-5 <on> clothes",
                .epochs = 2,
                .parameters = 61706,
                .settings = {{"batch", "64"}},
                .classes = {"shirt", "a & b"}});
  CHECK(has(check::read_file(file.path), "http-equiv=\"refresh\""));
  for (std::size_t epoch = 1; epoch <= 2; ++epoch) {
    report.details(made_up());
    report.epoch({.epoch = epoch,
                  .training_risk = 1.0 / static_cast<double>(epoch),
                  .training_error = 0.2,
                  .validation_risk = 0.5,
                  .validation_error = 0.125,
                  .learning_rate = 0.1,
                  .momentum = 0.9,
                  .best = epoch == 2});
    CHECK(has(check::read_file(file.path), "http-equiv=\"refresh\""));
  }
  report.end({.reason = "epochs"});
  const std::string page = check::read_file(file.path);
  CHECK_FALSE(has(page, "http-equiv=\"refresh\""));
  for (const char* text : {"LeNet-5 &lt;on&gt; clothes", "61706", "batch", "a &amp; b", ">90<", ">10<",
                           "98.7 % sure", "Filters of conv.weight", "12.50 %", "Learning rate", "Momentum",
                           "data:image/png;base64,iVBOR", "<tr class=\"best\"><td>2</td>"}) {
    CAPTURE(text);
    CHECK(has(page, text));
  }
  // Nothing from elsewhere: the only addresses are those of the name of SVG.
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
  report.epoch({.epoch = 1, .training_risk = 3});
  report.end({.reason = "interrupted"});
  const std::string page = check::read_file(file.path);
  CHECK(has(page, "stopped: interrupted"));
  CHECK_FALSE(has(page, "Confusion matrix"));
  CHECK_FALSE(has(page, "nan"));
}

TEST_CASE("a page that cannot be written is an error") {
  optim::Report report("/no/such/folder/report.html");
  CHECK_THROWS_AS(report.begin({}), FileError);
}
