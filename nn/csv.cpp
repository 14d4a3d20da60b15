#include <autodiff/error.hpp>
#include <nn/csv.hpp>
#include <nn/whole_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace xgrad::nn {
namespace {

class Parser {
 public:
  Parser(const std::filesystem::path& path, const CsvOptions& options)
      : path_(path.string()), options_(options), text_(detail::read_whole_file(path)), rest_(text_) {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);  // the mark that some programs put first
  }

  Csv read() {
    Csv table;
    std::vector<std::string> fields;
    std::vector<double> values;
    bool names_came = !options_.header;
    std::size_t width = 0, rows = 0;
    while (read_line(fields)) {
      if (width == 0) width = fields.size();
      if (fields.size() != width) {
        fail(fmt::format("{} fields, expected {} as in the lines before", fields.size(), width));
      }
      if (!names_came) {
        table.names = fields;
        names_came = true;
        continue;
      }
      for (std::size_t column = 0; column < width; ++column) values.push_back(number(fields[column], column));
      ++rows;
    }
    table.values = Array<double>(Shape{rows, width});
    std::copy(values.begin(), values.end(), table.values.begin());
    return table;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw FileError(fmt::format("{}: line {}: {}", path_, line_, what));
  }

  /// The fields of the next line that is not empty; false at the end of the file.
  bool read_line(std::vector<std::string>& fields) {
    line_ += lines_within_;
    lines_within_ = 0;
    while (!rest_.empty()) {
      ++line_;
      fields.clear();
      do {
        fields.push_back(read_field());
      } while (skip(options_.delimiter));
      skip('\r');
      if (!rest_.empty() && !skip('\n')) fail("characters after a quoted field");
      if (fields.size() > 1 || !fields[0].empty()) return true;
    }
    return false;
  }

  bool skip(char character) {
    const bool is_there = !rest_.empty() && rest_.front() == character;
    if (is_there) rest_.remove_prefix(1);
    return is_there;
  }

  std::string read_field() {
    std::string field;
    if (!skip('"')) {
      const std::size_t end =
          std::min(rest_.find_first_of(std::string{options_.delimiter, '\r', '\n'}), rest_.size());
      field = rest_.substr(0, end);
      rest_.remove_prefix(end);
      return field;
    }
    while (true) {
      const std::size_t quote = rest_.find('"');
      if (quote == std::string_view::npos) fail("a quote that is not closed");
      const std::string_view part = rest_.substr(0, quote);
      lines_within_ += static_cast<std::size_t>(std::count(part.begin(), part.end(), '\n'));
      field += part;
      rest_.remove_prefix(quote + 1);
      if (!skip('"')) return field;
      field += '"';  // two quotes stand for one
    }
  }

  double number(std::string_view field, std::size_t column) const {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!field.empty() && is_blank(field.front())) field.remove_prefix(1);
    while (!field.empty() && is_blank(field.back())) field.remove_suffix(1);
    const bool is_missing = field.empty() || field == "NA" || field == "nan" || field == "NaN";
    if (is_missing && options_.missing) return *options_.missing;
    std::string_view digits = field;
    if (digits.starts_with('+')) digits.remove_prefix(1);
    double value = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (is_missing || read.ec != std::errc() || read.ptr != digits.data() + digits.size()) {
      fail(fmt::format("column {}: \"{}\" is no number", column + 1, field));
    }
    return value;
  }

  std::string path_;
  CsvOptions options_;
  std::string text_;
  std::string_view rest_;
  std::size_t line_ = 0;
  std::size_t lines_within_ = 0;  // that quoted fields of the last line went over
};

void check_column(const Csv& table, std::size_t column) {
  if (column >= table.values.shape()[1]) {
    throw ValueError(fmt::format("Csv: column {} of a table of {}", column, table.values.shape()[1]));
  }
}

}  // namespace

std::size_t Csv::column(const std::string& name) const {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) throw ValueError(fmt::format("Csv: no column is named \"{}\"", name));
  return static_cast<std::size_t>(found - names.begin());
}

Array<double> Csv::values_of(std::size_t column) const {
  check_column(*this, column);
  Array<double> result(Shape{values.shape()[0]});
  for (std::size_t r = 0; r < result.size(); ++r) result(r) = values(r, column);
  return result;
}

Array<double> Csv::without(std::size_t column) const {
  check_column(*this, column);
  Array<double> result(Shape{values.shape()[0], values.shape()[1] - 1});
  for (std::size_t r = 0; r < result.shape()[0]; ++r) {
    for (std::size_t c = 0; c < result.shape()[1]; ++c) result(r, c) = values(r, c < column ? c : c + 1);
  }
  return result;
}

Csv read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  return Parser(path, options).read();
}

}  // namespace xgrad::nn
