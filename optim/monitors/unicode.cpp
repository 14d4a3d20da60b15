#include <optim/monitors/unicode.hpp>

namespace xgrad::optim::detail {

std::optional<char32_t> take_code_point(std::string_view& text) {
  const auto first = static_cast<unsigned char>(text[0]);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xc2 ? 0
                             : first < 0xe0 ? 2
                             : first < 0xf0 ? 3
                             : first < 0xf5 ? 4
                                            : 0;
  const auto invalid = [&text]() -> std::optional<char32_t> {
    text.remove_prefix(1);
    return std::nullopt;
  };
  if (length == 0 || length > text.size()) return invalid();
  char32_t code = length == 1 ? first : first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return invalid();
    code = code << 6 | (byte & 0x3fU);
  }
  // Overlong forms, surrogates and code points beyond U+10FFFF are not valid UTF-8.
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  if (overlong || (code >= 0xd800 && code < 0xe000) || code > 0x10ffff) return invalid();
  text.remove_prefix(length);
  return code;
}

std::optional<std::size_t> first_invalid_utf8(std::string_view text) {
  const std::size_t size = text.size();
  while (!text.empty()) {
    const std::size_t at = size - text.size();
    if (!take_code_point(text)) return at;
  }
  return std::nullopt;
}

std::string valid_utf8(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::string_view before = text;
    result += take_code_point(text) ? before.substr(0, before.size() - text.size()) : "\ufffd";
  }
  return result;
}

}  // namespace xgrad::optim::detail
