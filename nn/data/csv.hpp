#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace xgrad::nn {

/// A column of a CSV file: its index, from 0, or its name in the header.
class CsvColumn {
 public:
  template <std::integral I>
  CsvColumn(I number) : number_or_name_(static_cast<std::size_t>(number)) {}
  CsvColumn(std::string name) : number_or_name_(std::move(name)) {}
  CsvColumn(const char* name) : number_or_name_(std::string(name)) {}

  /// The index or the name, whichever was given.
  const std::variant<std::size_t, std::string>& number_or_name() const { return number_or_name_; }

 private:
  std::variant<std::size_t, std::string> number_or_name_;
};

/// A column of text whose entries are categories: `"species"`, or `{"species", {"setosa", "virginica"}}`.
struct CsvCategories {
  template <class Column>
    requires std::convertible_to<Column, CsvColumn>
  CsvCategories(Column&& which, std::vector<std::string> known = {})
      : column(std::forward<Column>(which)), names(std::move(known)) {}

  CsvColumn column;  ///< the column of text
  /// The categories: each is encoded as its index, and any other text is an error. If empty, they are the
  /// texts of the file, sorted: pass the names of the training set when reading the test set.
  std::vector<std::string> names;
};

/// Options for read_csv.
struct CsvOptions {
  char delimiter = ',';  ///< between fields; ' ' means any number of blanks and tabs
  bool header = false;   ///< the first line names the columns
  /// The value of an empty field, NA, NULL, nan and the like (the list of pandas; nan in any case and with
  /// any sign); if it is not set, they are an error.
  std::optional<double> missing = std::nullopt;
  std::vector<CsvCategories> categories = {};  ///< columns of text, encoded as numbers
  std::vector<CsvColumn> skip = {};            ///< columns to omit, whatever they contain
  char decimal = '.';                          ///< ',' if numbers are written as 1,5
  char comment = '\0';                         ///< begins a comment, to the end of the line: '#', '%'
};

/// A table of numbers.
struct Csv {
  std::vector<std::string> names;  ///< of the columns, if the file has a header
  Array<double> values;            ///< {rows, columns}
  /// The categories of each column of text: the value `k` of the column means the text at index `k`.
  std::map<std::size_t, std::vector<std::string>> categories = {};

  /// The index of a column. Throws ValueError if no column has this name.
  XGRAD_API std::size_t column(const std::string& name) const;
  /// The entries of a column, {rows}; for labels, apply `xt::cast<int>`. Throws ValueError if there is no
  /// such column.
  XGRAD_API Array<double> values_of(std::size_t column) const;
  XGRAD_API Array<double> values_of(const std::string& name) const { return values_of(column(name)); }
  /// The categories of a column. Throws ValueError if it has none.
  XGRAD_API const std::vector<std::string>& categories_of(std::size_t column) const;
  XGRAD_API const std::vector<std::string>& categories_of(const std::string& name) const {
    return categories_of(column(name));
  }
  /// The table without one of its columns, {rows, columns - 1}. Throws ValueError if there is no such column.
  XGRAD_API Array<double> without(std::size_t column) const;
  XGRAD_API Array<double> without(const std::string& name) const { return without(column(name)); }
};

/// Reads a CSV file (RFC 4180: fields may be enclosed in double quotes, and then contain delimiters, line
/// ends and doubled quotes; lines end with LF, CRLF or CR), plain or compressed with gzip. Numbers do not
/// depend on the locale; those too large for a double become infinite, those too small 0, as in NumPy and
/// pandas; True and False, in any case, are 1 and 0. Empty lines are ignored. Indices of columns in the
/// result do not count skipped columns. Throws FileError, naming the file, the line and the column, if it
/// cannot be read, a field is neither a number nor a known category, or lines have different numbers of
/// fields; ValueError if options contradict each other or name a column that the file does not have.
XGRAD_API Csv read_csv(const std::filesystem::path& path, const CsvOptions& options = {});

}  // namespace xgrad::nn
