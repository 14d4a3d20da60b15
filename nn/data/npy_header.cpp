#include <nn/data/npy_header.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>

namespace xgrad::nn::detail {
namespace {

/// Parses Python literals as far as headers contain them.
class Parser {
 public:
  Parser(std::string_view text, int version) : text_(text), version_(version) {}

  NpyHeader read() {
    NpyHeader header;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!skip('}')) {
      const std::string key = read_string();
      expect(':');
      if (key == "descr") {
        read_descr(header);
        descr = true;
      } else if (key == "fortran_order") {
        header.fortran_order = read_bool();
        order = true;
      } else if (key == "shape") {
        header.shape = read_shape();
        shape = true;
      } else {
        throw NpyHeaderError(fmt::format("its header has an unknown key \"{}\"", key));
      }
      if (!skip(',')) {
        expect('}');
        break;
      }
    }
    skip_blanks();
    if (!text_.empty()) fail("characters after its end");
    if (!descr || !order || !shape) {
      throw NpyHeaderError(fmt::format("its header has no {}", !descr   ? "descr"
                                                               : !order ? "fortran_order"
                                                                        : "shape"));
    }
    return header;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw NpyHeaderError(fmt::format("its header is not a valid dictionary: {}", what));
  }

  void skip_blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n\f"), text_.size())); }

  bool skip(char c) {
    skip_blanks();
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!skip(c)) fail(fmt::format("expected '{}'", c));
  }

  char next() {
    skip_blanks();
    return text_.empty() ? '\0' : text_.front();
  }

  bool skip_word(std::string_view word) {
    skip_blanks();
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  std::string read_string() {
    if (next() == 'u') text_.remove_prefix(1);  // Python 2's unicode
    if (text_.empty() || (text_.front() != '\'' && text_.front() != '"')) fail("expected text in quotes");
    const char quote = text_.front();
    text_.remove_prefix(1);
    std::string result;
    while (true) {
      if (text_.empty() || text_.front() == '\n') fail("text without a closing quote");
      char c = text_.front();
      text_.remove_prefix(1);
      if (c == quote) return result;
      if (c == '\\') {
        if (text_.empty() || std::string_view("\\'\"").find(text_.front()) == std::string_view::npos) {
          fail("an escape other than of a quote or a backslash");
        }
        c = text_.front();
        text_.remove_prefix(1);
      }
      result += c;
    }
  }

  bool read_bool() {
    if (skip_word("True")) return true;
    if (skip_word("False")) return false;
    throw NpyHeaderError("its fortran_order is neither True nor False");
  }

  std::uint64_t read_number() {
    skip_blanks();
    std::uint64_t value = 0;
    const char* const end = text_.data() + text_.size();
    const auto read = std::from_chars(text_.data(), end, value);
    if (read.ec == std::errc::result_out_of_range) throw NpyHeaderError("its shape is too large");
    const auto digits = static_cast<std::size_t>(read.ptr - text_.data());
    if (read.ec != std::errc() || (digits > 1 && text_.front() == '0' && value != 0)) {
      throw NpyHeaderError("its header has no valid shape");
    }
    text_.remove_prefix(digits);
    if (version_ <= 2 && text_.starts_with('L')) text_.remove_prefix(1);  // a long of Python 2
    return value;
  }

  /// (), (3,), (3, 4), (3, 4,), but neither (3) nor (3 4).
  Shape read_shape() {
    if (!skip('(')) throw NpyHeaderError("its header has no valid shape");
    Shape shape;
    bool comma = true;
    while (!skip(')')) {
      if (!comma) throw NpyHeaderError("its header has no valid shape");
      shape.push_back(static_cast<std::size_t>(read_number()));
      comma = skip(',');
      if (!comma && shape.size() == 1) throw NpyHeaderError("its header has no valid shape");
    }
    return shape;
  }

  void read_descr(NpyHeader& header) {
    header.is_structured = next() == '[' || next() == '(';
    header.descr = header.is_structured ? skip_list() : read_string();
  }

  /// A description with fields is only skipped: lists and tuples of texts and numbers.
  std::string skip_list() {
    const std::string_view begin = text_;
    std::string open;
    do {
      const char c = next();
      if (c == '[' || c == '(') {
        open += c == '[' ? ']' : ')';
        text_.remove_prefix(1);
      } else if (!open.empty() && c == open.back()) {
        open.pop_back();
        text_.remove_prefix(1);
      } else if (c == '\'' || c == '"' || c == 'u') {
        read_string();
      } else if (c == ',' || c == '-' || c == 'L' || (c >= '0' && c <= '9')) {
        text_.remove_prefix(1);
      } else {
        fail("its descr is invalid");
      }
    } while (!open.empty());
    return std::string(begin.substr(0, begin.size() - text_.size()));
  }

  std::string_view text_;
  int version_;
};

}  // namespace

NpyHeader parse_npy_header(std::string_view text, int version) { return Parser(text, version).read(); }

bool is_addressable(const Shape& shape) {
  std::uint64_t bound = 16;  // bytes of the largest entry, with room to spare
  return std::all_of(shape.begin(), shape.end(), [&](std::size_t extent) {
    return !__builtin_mul_overflow(bound, std::max<std::uint64_t>(extent, 1), &bound) && bound >> 62 == 0;
  });
}

}  // namespace xgrad::nn::detail
