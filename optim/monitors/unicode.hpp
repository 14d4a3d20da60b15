#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// \file
/// UTF-8 (RFC 3629). Not installed.

namespace xgrad::optim::detail {

/// Removes the first code point from a text that is not empty, and returns it. If the text does not begin
/// with UTF-8, it removes one byte and returns nothing.
std::optional<char32_t> take_code_point(std::string_view& text);

/// The index of the first byte that is not UTF-8, if there is one.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// The text with U+FFFD in place of each byte that is not UTF-8.
std::string valid_utf8(std::string_view text);

}  // namespace xgrad::optim::detail
