#include <autodiff/array.hpp>
#include <nn/data/csv.hpp>
#include <nn/data/dataset.hpp>
#include <nn/data/loader.hpp>
#include <nn/layers.hpp>
#include <nn/saving/saving.hpp>
#include <nn/summary.hpp>
#include <optim/monitors/chart.hpp>
#include <optim/monitors/json_lines.hpp>
#include <optim/monitors/report.hpp>
#include <optim/sgd.hpp>
#include <optim/training/checkpoint.hpp>
#include <optim/training/fit.hpp>

#include "../../support/temporary_file.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <clocale>
#include <locale>
#include <string>

using namespace xgrad;

// Nothing that is written or read depends on the global locale of C++ or C.

namespace {

/// German number format: 1.234,5.
struct Grouping : std::numpunct<char> {
  char do_thousands_sep() const override { return '.'; }
  char do_decimal_point() const override { return ','; }
  std::string do_grouping() const override { return "\3"; }
};

/// Sets the global locale of C++, and that of C if the system has one with a decimal comma, until end of
/// scope.
class CommaLocale {
 public:
  CommaLocale() : before_(std::locale::global(std::locale(std::locale::classic(), new Grouping))) {
    for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8"}) {
      if (std::setlocale(LC_ALL, name) != nullptr) break;
    }
  }
  ~CommaLocale() {
    std::locale::global(before_);
    std::setlocale(LC_ALL, "C");
  }

 private:
  std::locale before_;
};

/// The concatenation of all texts that the library writes, without times.
std::string everything(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::string all;
  seed(1);
  nn::Linear<float> net(1500, 2);
  const nn::ArrayDataset data(random_normal<float>({2000, 1500}), Array<int>(Shape{2000}, 1));
  nn::DataLoader loader(data, {.batch = 500, .seed = 1234567});
  optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.001});
  optim::JsonLines lines(folder / "lines.jsonl", 1);
  optim::Report report(folder / "report.html");
  optim::fit(net, sgd, loader,
             {.epochs = 1, .checkpoint = folder / "run.safetensors", .monitors = {&lines, &report}});
  CHECK(std::filesystem::exists(folder / "report.html"));

  const std::string json = check::read_file(folder / "lines.jsonl");
  CHECK(json.find("0,001") == std::string::npos);
  CHECK(json.find("\"learning_rate\":0.001,") != std::string::npos);
  for (auto& [name, part] : optim::load_checkpoint(folder / "run.safetensors")) {
    for (auto& [key, text] : part.metadata) {
      if (key != "sums") all += fmt::format("{}.{}: {}\n", name, key, text);
    }
  }
  all += fmt::format("generator: {}\n", default_generator()());

  optim::Chart chart;
  chart.line("w", {0, 1000, 2000}, {1234.5, 0.125, 1e6});
  all += chart.svg();
  const check::TemporaryFile csv("1.5,2000\n-0.25,1e3\n");
  const auto table = nn::read_csv(csv.path);
  all += fmt::format("csv: {} {} {} {}\n", table.values(0, 0), table.values(0, 1), table.values(1, 0),
                     table.values(1, 1));
  all += nn::to_string(nn::summary(net, {1, 1500}));
  nn::save(net, folder / "net.safetensors");
  all += check::read_file(folder / "net.safetensors").substr(0, 300);
  return all;
}

}  // namespace

TEST_CASE("all output is the same under a locale with decimal comma and digit grouping") {
  const check::TemporaryFile plain, comma;
  const std::string expected = everything(plain.path);
  CHECK(expected.find("1234567") != std::string::npos);
  std::string came;
  {
    const CommaLocale locale;
    came = everything(comma.path);
  }
  const auto difference = std::mismatch(expected.begin(), expected.end(), came.begin(), came.end());
  const auto place = static_cast<std::size_t>(difference.first - expected.begin());
  CHECK_MESSAGE(expected == came, "expected ..." << expected.substr(place, 60) << "..., got ..."
                                                 << came.substr(std::min(place, came.size()), 60));
}

TEST_CASE("checkpoints and states written under one locale can be read under another") {
  const check::TemporaryFile folder;
  const nn::ArrayDataset data(random_normal<float>({2000, 4}), Array<int>(Shape{2000}, 1));
  const auto train = [&](std::size_t epochs, bool resumes) {
    seed(3);
    nn::Linear<float> net(4, 2);
    nn::DataLoader loader(data, {.batch = 500, .seed = 1});
    optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.01, .momentum = 0.5});
    const auto checkpoint = folder.path / "run.safetensors";
    optim::fit(net, sgd, loader,
               {.epochs = epochs,
                .checkpoint = checkpoint,
                .resume = resumes ? checkpoint : std::filesystem::path()});
    return net.weight.value();
  };
  std::filesystem::create_directories(folder.path);
  const auto expected = train(3, false);
  {
    const CommaLocale locale;
    train(1, false);
  }
  train(2, true);
  const CommaLocale locale;
  CHECK(train(3, true) == expected);
}
