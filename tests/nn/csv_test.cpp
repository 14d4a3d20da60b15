#include <autodiff/error.hpp>
#include <nn/data.hpp>

#include "../support/temporary_file.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

using namespace xgrad;

namespace {

nn::Csv read(const std::string& text, const nn::CsvOptions& options = {}) {
  const check::TemporaryFile file(text);
  return nn::read_csv(file.path, options);
}

/// The message without the file's name.
std::string message(const std::string& text, const nn::CsvOptions& options = {}) {
  const check::TemporaryFile file(text);
  try {
    nn::read_csv(file.path, options);
  } catch (const FileError& error) {
    const std::string all = error.what();
    CHECK(all.starts_with(file.path.string() + ": "));
    return all.substr(file.path.string().size() + 2);
  }
  return "";
}

}  // namespace

TEST_CASE("numbers, line ends, blanks, quotes") {
  const xt::xarray<double> expected{{1, -2.5, 3e10}, {4, 5, 6}};
  CHECK(read("1,-2.5,3e10\n4,5,6\n").values == expected);
  CHECK(read("1,-2.5,3e10\r\n4,5,6").values == expected);
  CHECK(read("\n1, -2.5 ,+3e10\n\n\"4\",\"5\",6\n\n").values == expected);
  CHECK(read("\xef\xbb\xbf"
             "1;-2.5;3e10\n4;5;6\n",
             {.delimiter = ';'})
            .values == expected);
  CHECK(read("7").values(0, 0) == 7);
  CHECK(read("").values.shape() == Shape{0, 0});
}

TEST_CASE("a header names the columns") {
  const auto table = read("width,\"the \"\"label\"\"\"\n1.5,0\n2.5,1\n", {.header = true});
  CHECK(table.names == std::vector<std::string>{"width", "the \"label\""});
  CHECK(table.values_of("width") == xt::xarray<double>{1.5, 2.5});
  CHECK(table.without("width").shape() == Shape{2, 1});
  CHECK(table.without("width")(1, 0) == 1);
  const auto data = nn::ArrayDataset(xt::cast<float>(table.without(1)), xt::cast<int>(table.values_of(1)));
  CHECK(data.labels() == xt::xarray<int>{0, 1});
  CHECK_THROWS_WITH_AS(table.column("height"), "Csv: no column is named \"height\"", ValueError);
  CHECK_THROWS_WITH_AS(table.values_of(2), "Csv: column 2 of a table of 2", ValueError);
}

TEST_CASE("missing entries are an error, or a number") {
  CHECK(message("1,2\n3,\n") == "line 2: column 2: \"\" is no number");
  CHECK(message("1,nan\n") == "line 1: column 2: \"nan\" is no number");
  const auto table = read("1,\nNA,2\n", {.missing = -1});
  CHECK(table.values == xt::xarray<double>{{1, -1}, {-1, 2}});
  CHECK(std::isnan(read("1,nan", {.missing = std::nan("")}).values(0, 1)));
}

TEST_CASE("what is no table of numbers says where") {
  CHECK(message("1,2\n\n3,x4\n") == "line 3: column 2: \"x4\" is no number");
  CHECK(message("1,2\n3,4 5\n") == "line 2: column 2: \"4 5\" is no number");
  CHECK(message("1,2\n3\n") == "line 2: 1 fields, expected 2 as in the lines before");
  CHECK(message("a,b\n1,2,3\n", {.header = true}) == "line 2: 3 fields, expected 2 as in the lines before");
  CHECK(message("1,\"2\n") == "line 1: a quote that is not closed");
  CHECK(message("\"1\"2\n") == "line 1: characters after a quoted field");
  CHECK(message("\"a\nb\",c\n1,y\n", {.header = true}) == "line 3: column 2: \"y\" is no number");
  CHECK_THROWS_AS(nn::read_csv("/no/such/file.csv"), FileError);
  CHECK_THROWS_AS(nn::read_csv("/"), FileError);
}
