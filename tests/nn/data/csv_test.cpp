#include <autodiff/error.hpp>
#include <nn/data/csv.hpp>
#include <nn/data/dataset.hpp>

#include "../../support/temporary_file.hpp"

#include <doctest/doctest.h>
#include <zlib.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

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
  CHECK(data.targets() == xt::xarray<int>{0, 1});
  CHECK_THROWS_WITH_AS(table.column("height"), "Csv: no column is named \"height\"", ValueError);
  CHECK_THROWS_WITH_AS(table.values_of(2), "Csv: column 2 is out of range for a table of 2 columns",
                       ValueError);
}

TEST_CASE("missing entries are an error, or the given number") {
  CHECK(message("1,2\n3,\n") ==
        "line 2: column 2: \"\" is not a number; .missing sets the value of missing entries");
  CHECK(message("1,nan\n") ==
        "line 1: column 2: \"nan\" is not a number; .missing sets the value of missing entries");
  const auto table = read("1,\nNA,2\n", {.missing = -1});
  CHECK(table.values == xt::xarray<double>{{1, -1}, {-1, 2}});
  CHECK(std::isnan(read("1,nan", {.missing = std::nan("")}).values(0, 1)));
}

TEST_CASE("errors of a CSV file name line and column") {
  CHECK(message("1,2\n\n3,x4\n") ==
        "line 3: column 2: \"x4\" is not a number"
        "; .categories = {1} reads it as text, .skip = {1} omits the column");
  CHECK(message("1,2\n3,4 5\n") ==
        "line 2: column 2: \"4 5\" is not a number"
        "; .categories = {1} reads it as text, .skip = {1} omits the column");
  CHECK(message("1,2\n3\n") == "line 2: expected 2 fields as in the lines before, got 1");
  CHECK(message("a,b\n1,2,3\n", {.header = true}) ==
        "line 2: expected 2 fields as in the lines before, got 3");
  CHECK(message("1,\"2\n") == "line 1: a quote is not closed");
  CHECK(message("\"1\"2\n") == "line 1: characters after a quoted field");
  CHECK(message("\"a\nb\",c\n1,y\n", {.header = true}) ==
        "line 3: column 2: \"y\" is not a number"
        "; .categories = {\"c\"} reads it as text, .skip = {\"c\"} omits the column");
  CHECK_THROWS_AS(nn::read_csv("/no/such/file.csv"), FileError);
  CHECK_THROWS_AS(nn::read_csv("/"), FileError);
}

// ---- Files written by other programs ----

namespace {

/// The message of an error of the options or of a file.
std::string refusal(const std::string& text, const nn::CsvOptions& options) {
  const check::TemporaryFile file(text);
  try {
    nn::read_csv(file.path, options);
  } catch (const ValueError& error) {
    return error.what();
  }
  return "";
}

const std::string flowers =
    "id,length,species\nx1,5.1,setosa\nx2,6.3,virginica\nx3,4.9,setosa\nx4,5.5,versicolor\n";

}  // namespace

TEST_CASE("columns of text are categories, sorted or given, or are skipped") {
  const auto table = read(flowers, {.header = true, .categories = {"species"}, .skip = {"id"}});
  CHECK(table.names == std::vector<std::string>{"length", "species"});
  CHECK(table.values == xt::xarray<double>{{5.1, 0}, {6.3, 2}, {4.9, 0}, {5.5, 1}});
  CHECK(table.categories_of("species") == std::vector<std::string>{"setosa", "versicolor", "virginica"});
  CHECK(table.categories.contains(1));
  CHECK_THROWS_WITH_AS(table.categories_of("length"), "Csv: column 0 has no categories", ValueError);

  const std::vector<std::string> known{"virginica", "setosa", "versicolor"};
  const auto test = read(flowers, {.header = true, .categories = {{"species", known}}, .skip = {0}});
  CHECK(test.values_of("species") == xt::xarray<double>{1, 0, 1, 2});
  CHECK(message(flowers, {.header = true, .categories = {{2, {"setosa", "virginica"}}}, .skip = {0}}) ==
        "line 5: column 3: \"versicolor\" is not one of the categories setosa, virginica");
  CHECK(read("b,1\n\"a,\nc\",2\nb ,3\n", {.categories = {0}}).values ==
        xt::xarray<double>{{1, 1}, {0, 2}, {1, 3}});
  CHECK(read("a\n\nNA\n", {.categories = {0}}).categories.at(0) == std::vector<std::string>{"NA", "a"});
  CHECK(read("a,1\n,2\n", {.missing = -1, .categories = {0}}).values == xt::xarray<double>{{0, 1}, {-1, 2}});
  CHECK(message(flowers, {.header = true, .skip = {"id"}}) ==
        "line 2: column 3: \"setosa\" is not a number; .categories = {\"species\"} reads it as text, .skip = "
        "{\"species\"} omits the column");
}

TEST_CASE("options that name missing columns, or contradict each other") {
  CHECK(refusal(flowers, {.header = true, .skip = {"height"}}) ==
        "read_csv: no column is named \"height\"; there are: id, length, species");
  CHECK(refusal(flowers, {.skip = {"id"}}) == "read_csv: column \"id\" needs a header; set .header = true");
  CHECK(refusal(flowers, {.header = true, .categories = {3}}) ==
        "read_csv: column 3 is out of range for a file of 3 columns");
  CHECK(refusal(flowers, {.header = true, .categories = {2}, .skip = {"species"}}) ==
        "read_csv: column 2 appears twice in categories and skip");
  CHECK_FALSE(refusal("1\n", {.delimiter = ',', .decimal = ','}).empty());
  CHECK_FALSE(refusal("1\n", {.delimiter = '"'}).empty());
}

TEST_CASE("marks of missing entries") {
  for (const char* mark : {"",
                           "NA",
                           "N/A",
                           "n/a",
                           "#N/A",
                           "<NA>",
                           "NULL",
                           "null",
                           "None",
                           "nan",
                           "NaN",
                           "NAN",
                           "Nan",
                           "-nan",
                           "+nan",
                           "-NaN",
                           "nan(0x8000000000000)",
                           "-nan(ind)",
                           "1.#QNAN",
                           "-1.#IND"}) {
    CAPTURE(mark);
    CHECK(read(std::string("1,") + mark + "\n", {.missing = -1}).values(0, 1) == -1);
    CHECK(message(std::string("1,") + mark + "\n")
              .ends_with("is not a number; .missing sets the value of missing entries"));
  }
  for (const char* other : {"nan()x", "nano", "-", "N A", "nan(", "--nan"}) {
    CAPTURE(other);
    CHECK_FALSE(message(std::string("1,") + other + "\n", {.missing = -1}).empty());
  }
}

TEST_CASE("numbers as programs write them") {
  const double infinity = std::numeric_limits<double>::infinity();
  const std::pair<const char*, double> numbers[] = {{"True", 1},         {"False", 0},
                                                    {"TRUE", 1},         {"false", 0},
                                                    {"+3", 3},           {"1.", 1},
                                                    {".5", 0.5},         {"-.5e-3", -0.0005},
                                                    {"inf", infinity},   {"-inf", -infinity},
                                                    {"+inf", infinity},  {"Infinity", infinity},
                                                    {"1e400", infinity}, {"-1e400", -infinity},
                                                    {"1e-400", 0},       {"4.9e-324", 4.9e-324},
                                                    {"1E5", 1e5},        {"0.1", 0.1},
                                                    {"00012", 12},       {"1e+2", 100}};
  for (const auto& entry : numbers) {
    CAPTURE(entry.first);
    CHECK(read(std::string(entry.first) + "\n").values(0, 0) == entry.second);
  }
  CHECK(read(std::string(400, '1') + "\n").values(0, 0) == infinity);
  CHECK(read("0." + std::string(400, '0') + "1\n").values(0, 0) == 0);
  CHECK(std::signbit(read("-1e-400\n").values(0, 0)));
  for (const char* text :
       {"+-3", "-+3", "--3", "++3", "+", "0x1F", "1e", "1d5", "1_000", "1 2", "e5", ".", "1,5x", "truely",
        "\xe2\x88\x92"
        "5"}) {
    CAPTURE(text);
    CHECK_FALSE(message(std::string("7;") + text + "\n", {.delimiter = ';'}).empty());
  }
}

TEST_CASE("line ends of every system, also within quotes") {
  const xt::xarray<double> expected{{1, 2}, {3, 4}};
  for (const char* text : {"1,2\n3,4", "1,2\r\n3,4\r\n", "1,2\r3,4\r", "1,2\r3,4", "1,2\r\r\n\n3,4\n  \n"}) {
    CAPTURE(text);
    CHECK(read(text).values == expected);
  }
  CHECK(message("1,2\r3,x\r").starts_with("line 2: "));
  CHECK(message("\"a\rb\",c\r1,x\r", {.header = true}).starts_with("line 3: "));
  CHECK(message("\"a\r\nb\",c\r\n1,x\r\n", {.header = true}).starts_with("line 3: "));
}

TEST_CASE("separators, decimal commas, comments") {
  const xt::xarray<double> expected{{1.5, 2.5}, {3, 4}};
  CHECK(read("1,5;2,5\n3;4\n", {.delimiter = ';', .decimal = ','}).values == expected);
  CHECK(read("1.5\t2.5\n3\t4\n", {.delimiter = '\t'}).values == expected);
  CHECK(read("1.5|2.5\n3|4\n", {.delimiter = '|'}).values == expected);
  CHECK(read("  1.5   2.5\n3 \t 4  \n", {.delimiter = ' '}).values == expected);
  CHECK(read("# by hand\n1.5,2.5 # first\n\n3,4#\n#\n", {.comment = '#'}).values == expected);
  CHECK(read("% by hand\r 1.5 2.5 % first\r3 4\r", {.delimiter = ' ', .comment = '%'}).values == expected);
  CHECK(read("\"1,5\" ; \"2,5\"\n3;4\n", {.delimiter = ';', .decimal = ','}).values == expected);
  CHECK_FALSE(
      message("1.000,5;2\n", {.delimiter = ';', .decimal = ','}).empty());  // a point that groups digits
  CHECK(message("# by hand\n1,2\n") ==
        "line 1: column 1: \"# by hand\" is not a number; .comment = '#' skips comments");
  CHECK(read("\"#1\",2\n", {.categories = {0}, .comment = '#'}).categories.at(0)[0] == "#1");
}

TEST_CASE("files compressed with gzip or in UTF-16") {
  const check::TemporaryFile file;
  const gzFile out = gzopen(file.path.c_str(), "wb");
  gzputs(out, "1,2\n3,4\n");
  gzclose(out);
  CHECK(nn::read_csv(file.path).values == xt::xarray<double>{{1, 2}, {3, 4}});
  const std::string whole = check::read_file(file.path);
  const check::TemporaryFile cut(whole.substr(0, whole.size() - 3));
  CHECK_THROWS_AS(nn::read_csv(cut.path), FileError);
  const check::TemporaryFile wide(
      std::string("\xff\xfe"
                  "1\0,\0"
                  "2\0",
                  8));
  CHECK_THROWS_WITH_AS(nn::read_csv(wide.path),
                       ("cannot read " + wide.path.string() + ": expected UTF-8, got UTF-16").c_str(),
                       FileError);
}
