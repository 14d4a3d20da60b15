#include <autodiff/error.hpp>
#include <autodiff/files/input_file.hpp>
#include <nn/data/csv.hpp>
#include <nn/data/csv_number.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <string_view>

namespace xgrad::nn {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

void check_options(const CsvOptions& options) {
  const auto refuse = [](bool wrong, const char* what) {
    if (wrong) throw ValueError(fmt::format("read_csv: {}", what));
  };
  const char used[] = {options.delimiter, options.decimal, options.comment, '"', '\r', '\n'};
  for (const char* each = std::begin(used); each != std::end(used); ++each) {
    refuse(std::find(std::begin(used), each, *each) != each,
           "delimiter, decimal and comment must differ from each other, quotes and line ends");
  }
}

/// Splits a text into lines and fields.
class Lines {
 public:
  Lines(const std::filesystem::path& path, const CsvOptions& options)
      : path_(path.string()), options_(options), text_(files::read_whole_file(path)), rest_(text_) {
    if (rest_.starts_with("\xff\xfe") || rest_.starts_with("\xfe\xff")) {
      throw FileError(fmt::format("cannot read {}: expected UTF-8, got UTF-16", path_));
    }
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);  // the byte order mark
    ends_ = {options.delimiter, '\r', '\n'};
    if (by_blanks()) ends_ += '\t';
    if (options.comment != '\0') ends_ += options.comment;
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  [[noreturn]] void fail(const std::string& what) const {
    throw FileError(fmt::format("{}: line {}: {}", path_, line_, what));
  }

  /// Reads the fields of the next line that is not empty; false at the end of the file.
  bool next(std::vector<std::string>& fields) {
    line_ += lines_within_;
    lines_within_ = 0;
    while (!rest_.empty()) {
      ++line_;
      fields.clear();
      if (by_blanks()) skip_blanks();
      do {
        fields.push_back(read_field());
      } while (skip_delimiter());
      end_line();
      if (fields.size() > 1 || !trim(fields[0]).empty()) return true;
    }
    return false;
  }

 private:
  bool by_blanks() const { return options_.delimiter == ' '; }

  bool skip(char character) {
    const bool is_there = !rest_.empty() && rest_.front() == character;
    if (is_there) rest_.remove_prefix(1);
    return is_there;
  }

  /// Skips blanks, except a tab that is the delimiter. Returns whether there were any.
  bool skip_blanks() {
    const std::size_t before = rest_.size();
    while (!rest_.empty() && is_blank(rest_.front()) &&
           (by_blanks() || rest_.front() != options_.delimiter)) {
      rest_.remove_prefix(1);
    }
    return rest_.size() != before;
  }

  bool skip_delimiter() {
    if (!by_blanks()) return skip(options_.delimiter);
    return skip_blanks() && !rest_.empty() && rest_.front() != '\r' && rest_.front() != '\n' &&
           (options_.comment == '\0' || rest_.front() != options_.comment);
  }

  void end_line() {
    if (options_.comment != '\0' && !rest_.empty() && rest_.front() == options_.comment) {
      rest_.remove_prefix(std::min(rest_.find_first_of("\r\n"), rest_.size()));
    }
    if (skip('\r')) {
      skip('\n');
    } else if (!skip('\n') && !rest_.empty()) {
      fail("characters after a quoted field");
    }
  }

  std::string read_field() {
    const std::string_view begin = rest_;
    skip_blanks();
    if (skip('"')) {
      std::string field = read_quoted();
      if (!by_blanks()) skip_blanks();
      return field;
    }
    rest_ = begin;
    const std::size_t end = std::min(rest_.find_first_of(ends_), rest_.size());
    std::string field(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return field;
  }

  std::string read_quoted() {
    std::string field;
    while (true) {
      const std::size_t quote = rest_.find('"');
      if (quote == std::string_view::npos) fail("a quote is not closed");
      const std::string_view part = rest_.substr(0, quote);
      for (std::size_t i = 0; i < part.size(); ++i) {
        const bool ends = part[i] == '\n' || (part[i] == '\r' && part.substr(i + 1, 1) != "\n");
        lines_within_ += ends ? 1 : 0;
      }
      field += part;
      rest_.remove_prefix(quote + 1);
      if (!skip('"')) return field;
      field += '"';  // a doubled quote is one quote
    }
  }

  std::string path_;
  CsvOptions options_;
  std::string text_;
  std::string_view rest_;
  std::string ends_;  // characters that end an unquoted field
  std::size_t line_ = 0;
  std::size_t lines_within_ = 0;  // line ends within quoted fields of the last line
};

/// Encodes the entries of a column of text as numbers.
class Encoder {
 public:
  explicit Encoder(const std::vector<std::string>& known) : is_open_(known.empty()), names_(known) {
    for (std::size_t i = 0; i < names_.size(); ++i) numbers_.emplace(names_[i], i);
  }

  /// The number of a text; nothing if it is not a known category.
  std::optional<std::size_t> encode(std::string_view text) {
    const auto found = numbers_.find(std::string(text));
    if (found != numbers_.end()) return found->second;
    if (!is_open_) return std::nullopt;
    numbers_.emplace(text, names_.size());
    names_.emplace_back(text);
    return names_.size() - 1;
  }

  /// Sorts the categories of the file, unless they were given. Returns the new number of each.
  std::vector<std::size_t> sort() {
    std::vector<std::size_t> places(names_.size());
    if (!is_open_) {
      std::iota(places.begin(), places.end(), std::size_t{0});
      return places;
    }
    std::size_t next = 0;
    for (const auto& [name, number] : numbers_) {
      places[number] = next;
      names_[next++] = name;
    }
    return places;
  }

  const std::vector<std::string>& names() const { return names_; }

 private:
  bool is_open_;
  std::vector<std::string> names_;
  std::map<std::string, std::size_t> numbers_;
};

/// How a column of the file is read.
struct Plan {
  bool skipped = false;
  std::optional<Encoder> encoder = std::nullopt;
};

class Parser {
 public:
  Parser(const std::filesystem::path& path, const CsvOptions& options)
      : options_(options), lines_(path, options) {}

  Csv read() {
    std::vector<std::string> fields;
    bool is_first = true;
    while (lines_.next(fields)) {
      if (std::exchange(is_first, false)) {
        width_ = fields.size();
        if (options_.header) names_ = fields;
        make_plans();
        if (options_.header) continue;
      }
      if (fields.size() != width_) {
        lines_.fail(
            fmt::format("expected {1} fields as in the lines before, got {0}", fields.size(), width_));
      }
      for (std::size_t column = 0; column < width_; ++column) {
        if (!plans_[column].skipped) values_.push_back(entry(fields[column], column));
      }
      ++rows_;
    }
    return table();
  }

 private:
  static constexpr double missing_category = -1;

  std::size_t find(const CsvColumn& column) const {
    if (const auto* number = std::get_if<std::size_t>(&column.number_or_name())) {
      if (*number < width_) return *number;
      throw ValueError(
          fmt::format("read_csv: column {} is out of range for a file of {} columns", *number, width_));
    }
    const auto& name = std::get<std::string>(column.number_or_name());
    const auto found = std::find(names_.begin(), names_.end(), name);
    if (found != names_.end()) return static_cast<std::size_t>(found - names_.begin());
    if (!options_.header) {
      throw ValueError(fmt::format("read_csv: column \"{}\" needs a header; set .header = true", name));
    }
    throw ValueError(
        fmt::format("read_csv: no column is named \"{}\"; there are: {}", name, fmt::join(names_, ", ")));
  }

  void make_plans() {
    plans_.resize(width_);
    for (const CsvColumn& each : options_.skip) plans_[find(each)].skipped = true;
    for (const CsvCategories& each : options_.categories) {
      const std::size_t column = find(each.column);
      if (plans_[column].skipped || plans_[column].encoder) {
        throw ValueError(fmt::format("read_csv: column {} appears twice in categories and skip", column));
      }
      plans_[column].encoder.emplace(each.names);
    }
  }

  [[noreturn]] void refuse(std::string_view field, std::size_t column, const std::string& what) const {
    lines_.fail(fmt::format("column {}: \"{}\" is {}", column + 1, field, what));
  }

  double entry(std::string_view field, std::size_t column) {
    field = trim(field);
    std::optional<Encoder>& encoder = plans_[column].encoder;
    if (encoder) {
      if (field.empty() && options_.missing) return missing_category;
      const auto number = encoder->encode(field);
      if (number) return static_cast<double>(*number);
      refuse(field, column, fmt::format("not one of the categories {}", fmt::join(encoder->names(), ", ")));
    }
    if (options_.missing && detail::is_missing(field)) return *options_.missing;
    std::optional<double> value;
    if (options_.decimal == '.') {
      value = detail::parse_number(field);
    } else if (field.find('.') == std::string_view::npos) {
      std::string with_point(field);
      std::replace(with_point.begin(), with_point.end(), options_.decimal, '.');
      value = detail::parse_number(with_point);
    }
    if (value) return *value;
    refuse(field, column, fmt::format("not a number{}", hint(field, column)));
  }

  /// A hint for a field that is not a number.
  std::string hint(std::string_view field, std::size_t column) const {
    if (detail::is_missing(field)) return "; .missing sets the value of missing entries";
    if (field.starts_with('#') || field.starts_with('%')) {
      return fmt::format("; .comment = '{}' skips comments", field.front());
    }
    const std::string name = names_.empty() ? std::to_string(column) : fmt::format("\"{}\"", names_[column]);
    return fmt::format("; .categories = {{{0}}} reads it as text, .skip = {{{0}}} omits the column", name);
  }

  Csv table() {
    Csv table;
    std::vector<Plan*> kept;
    for (std::size_t column = 0; column < plans_.size(); ++column) {
      if (plans_[column].skipped) continue;
      kept.push_back(&plans_[column]);
      if (!names_.empty()) table.names.push_back(names_[column]);
    }
    table.values = Array<double>(Shape{rows_, kept.size()});
    std::copy(values_.begin(), values_.end(), table.values.begin());
    for (std::size_t column = 0; column < kept.size(); ++column) {
      if (!kept[column]->encoder) continue;
      const std::vector<std::size_t> places = kept[column]->encoder->sort();
      for (std::size_t row = 0; row < rows_; ++row) {
        double& value = table.values(row, column);
        value = value == missing_category ? *options_.missing
                                          : static_cast<double>(places[static_cast<std::size_t>(value)]);
      }
      table.categories[column] = kept[column]->encoder->names();
    }
    return table;
  }

  CsvOptions options_;
  Lines lines_;
  std::size_t width_ = 0, rows_ = 0;
  std::vector<std::string> names_;
  std::vector<Plan> plans_;
  std::vector<double> values_;
};

void check_column(const Csv& table, std::size_t column) {
  if (column >= table.values.shape()[1]) {
    throw ValueError(fmt::format("Csv: column {} is out of range for a table of {} columns", column,
                                 table.values.shape()[1]));
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

const std::vector<std::string>& Csv::categories_of(std::size_t column) const {
  const auto found = categories.find(column);
  if (found == categories.end()) throw ValueError(fmt::format("Csv: column {} has no categories", column));
  return found->second;
}

Csv read_csv(const std::filesystem::path& path, const CsvOptions& options) {
  check_options(options);
  return Parser(path, options).read();
}

}  // namespace xgrad::nn
