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

/// A column of a CSV file, by its number, from 0, or its name in the header.
class CsvColumn {
 public:
  template <std::integral I>
  CsvColumn(I number) : number_or_name_(static_cast<std::size_t>(number)) {}
  CsvColumn(std::string name) : number_or_name_(std::move(name)) {}
  CsvColumn(const char* name) : number_or_name_(std::string(name)) {}

  const std::variant<std::size_t, std::string>& number_or_name() const { return number_or_name_; }

 private:
  std::variant<std::size_t, std::string> number_or_name_;
};

/// A column of text, whose entries are categories: `"species"`, or `{"species", {"setosa", "virginica"}}`.
struct CsvCategories {
  template <class Column>
    requires std::convertible_to<Column, CsvColumn> CsvCategories(Column&& which,
                                                                  std::vector<std::string> known = {})
        : column(std::forward<Column>(which)), names(std::move(known)) {}

    CsvColumn column;
    /// The categories, whose places are their numbers; others are then an error. Without it, what the file
    /// has, sorted: give the names of the training set when reading the test set.
    std::vector<std::string> names;
};

/// How a CSV file is read.
struct CsvOptions {
  char delimiter = ',';  ///< between fields; ' ' stands for any number of blanks and tabs
  bool header = false;   ///< the first line names the columns
  /// What an empty field, NA, NULL, nan and the like count as (the list of pandas, nan in any case and with
  /// any sign); without it, they are an error.
  std::optional<double> missing = std::nullopt;
  std::vector<CsvCategories> categories = {};  ///< columns of text, which become numbers
  std::vector<CsvColumn> skip = {};            ///< columns that are left out, whatever they hold
  char decimal = '.';                          ///< ',' where numbers are written as 1,5
  char comment = '\0';                         ///< from here to its end a line is passed over; '#', '%'
};

/// A table of numbers.
struct Csv {
  std::vector<std::string> names;  ///< of the columns, where the file has a header
  Array<double> values;            ///< {rows, columns}
  /// The categories of each column that has some: entry `k` of the column stands for the text in place `k`.
  std::map<std::size_t, std::vector<std::string>> categories = {};

  /// The number of a column. Throws ValueError where there is none of that name.
  XGRAD_API std::size_t column(const std::string& name) const;
  /// The entries of a column, {rows}: labels, after `xt::cast<int>`. Throws ValueError where there is none.
  XGRAD_API Array<double> values_of(std::size_t column) const;
  XGRAD_API Array<double> values_of(const std::string& name) const { return values_of(column(name)); }
  /// The categories of a column. Throws ValueError where it has none.
  XGRAD_API const std::vector<std::string>& categories_of(std::size_t column) const;
  XGRAD_API const std::vector<std::string>& categories_of(const std::string& name) const {
    return categories_of(column(name));
  }
  /// The table without one of its columns, {rows, columns - 1}. Throws ValueError where there is none.
  XGRAD_API Array<double> without(std::size_t column) const;
  XGRAD_API Array<double> without(const std::string& name) const { return without(column(name)); }
};

/// Reads a CSV file (RFC 4180: fields may stand in double quotes, and then hold delimiters, line ends and
/// doubled quotes; lines end with LF, CRLF or CR), plain or compressed with gzip. Numbers are read the same
/// under every locale; those too large for a double are infinite, those too small 0, as NumPy and pandas read
/// them; True and False, in any case, are 1 and 0. Empty lines are passed over. Columns that are left out are
/// not counted in the result. Throws FileError, naming the file, the line and the column, where it cannot be
/// read, a field is no number and no known category, or lines have different numbers of fields; ValueError
/// for options that contradict each other, or name a column that the file does not have.
XGRAD_API Csv read_csv(const std::filesystem::path& path, const CsvOptions& options = {});

}  // namespace xgrad::nn
