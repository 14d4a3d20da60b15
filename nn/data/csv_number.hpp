#pragma once

#include <optional>
#include <string_view>

/// \file
/// Parses numbers as programs write them to text files. Not installed.

namespace xgrad::nn::detail {

/// Whether a field counts as missing: the marks of pandas, and nan in any case, with any sign and with the
/// suffixes that C libraries write, as in `-nan(ind)`.
bool is_missing(std::string_view field);

/// The number of a field, in decimal digits with a point; True and False, in any case, are 1 and 0; nothing
/// if the field is anything else. Numbers beyond the range of a double are infinite, or 0.
std::optional<double> parse_number(std::string_view field);

}  // namespace xgrad::nn::detail
