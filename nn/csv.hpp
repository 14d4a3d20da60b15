#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace xgrad::nn {

/// How a CSV file is read.
struct CsvOptions {
  char delimiter = ',';  ///< between the fields of a line
  bool header = false;   ///< the first line names the columns
  std::optional<double> missing =
      std::nullopt;  ///< what an empty field, NA or nan counts as; without it, it is an error
};

/// A table of numbers.
struct Csv {
  std::vector<std::string> names;  ///< of the columns, where the file has a header
  Array<double> values;            ///< {rows, columns}

  /// The number of a column. Throws ValueError where there is none of that name.
  XGRAD_API std::size_t column(const std::string& name) const;
  /// The entries of a column, {rows}: labels, after `xt::cast<int>`. Throws ValueError where there is none.
  XGRAD_API Array<double> values_of(std::size_t column) const;
  XGRAD_API Array<double> values_of(const std::string& name) const { return values_of(column(name)); }
  /// The table without one of its columns, {rows, columns - 1}. Throws ValueError where there is none.
  XGRAD_API Array<double> without(std::size_t column) const;
  XGRAD_API Array<double> without(const std::string& name) const { return without(column(name)); }
};

/// Reads a CSV file of numbers (RFC 4180: fields may stand in double quotes, lines end with LF or CRLF), with
/// a decimal point whatever the locale. Empty lines are passed over. Throws FileError, naming the file, the
/// line and the column, where it cannot be read, a field is no number, or lines have different numbers of
/// fields.
XGRAD_API Csv read_csv(const std::filesystem::path& path, const CsvOptions& options = {});

}  // namespace xgrad::nn
