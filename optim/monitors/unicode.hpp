#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// \file
/// Decoding and validation of UTF-8 (RFC 3629). Not installed.

namespace xgrad::optim::detail {

/// Removes the first code point from a non-empty text and returns it. If the text does not begin with valid
/// UTF-8, removes one byte and returns nullopt.
std::optional<char32_t> take_code_point(std::string_view& text);

/// The index of the first byte that is not valid UTF-8; nullopt if all are valid.
std::optional<std::size_t> first_invalid_utf8(std::string_view text);

/// The text with each byte that is not valid UTF-8 replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

}  // namespace xgrad::optim::detail
