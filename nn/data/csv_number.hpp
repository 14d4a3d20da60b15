#pragma once

#include <optional>
#include <string_view>

/// \file
/// Numbers as programs write them to text files. Not installed.

namespace xgrad::nn::detail {

/// Whether a field counts as missing: what pandas takes for it, and nan in any case, with any sign and with
/// what C libraries put behind it, as in `-nan(ind)`.
bool is_missing(std::string_view field);

/// The number, with a point and in decimal digits; True and False, in any case, are 1 and 0; none if it is
/// something else. Numbers beyond a double's range are infinite, or 0.
std::optional<double> parse_number(std::string_view field);

}  // namespace xgrad::nn::detail
