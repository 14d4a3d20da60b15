#include <optim/monitors/text_layout.hpp>
#include <optim/monitors/unicode.hpp>

#include <array>
#include <optional>

namespace xgrad::optim::detail {
namespace {

/// The widths of ' ' to '~' in DejaVu Sans, in hundredths of the font size.
constexpr std::array<int, 95> widths{
    32,  40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34,  // space ... /
    64,  64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53,  // 0 ... ?
    100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79,  // @ ... O
    60,  79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50,  // P ... _
    50,  61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61,  // ` ... o
    63,  63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84};     // p ... ~

/// The width of a character in units of the font size. East Asian characters and emoji fill a square.
double width_of(std::optional<char32_t> code) {
  if (code && *code >= ' ' && *code <= '~') return widths[*code - ' '] / 100.0;
  if (!code || *code >= 0x1100) return 1.05;
  return 0.75;
}

}  // namespace

std::vector<Span> split_scripts(std::string_view text) {
  std::vector<Span> spans;
  std::size_t from = 0;  // the beginning of the text that is not in a span yet
  const auto add = [&](std::size_t begin, std::size_t end, Span::Place place) {
    if (end > begin) spans.push_back({text.substr(begin, end - begin), place});
  };
  for (std::size_t at = text.find('{', 1); at != std::string_view::npos; at = text.find('{', at + 1)) {
    const std::size_t end = text.find('}', at);
    if (end == std::string_view::npos) break;
    if (at == from || (text[at - 1] != '_' && text[at - 1] != '^')) continue;
    add(from, at - 1, Span::on_line);
    add(at + 1, end, text[at - 1] == '_' ? Span::low : Span::high);
    from = end + 1;
    at = end;
  }
  add(from, text.size(), Span::on_line);
  return spans;
}

double text_width(std::string_view text, double size, bool bold) {
  double width = 0;
  for (Span span : split_scripts(text)) {
    const double scale = span.place == Span::on_line ? 1 : script_size;
    while (!span.text.empty()) width += scale * width_of(take_code_point(span.text));
  }
  return (bold ? 1.15 : 1) * width * size;
}

std::string shortened(std::string_view text, double size, double most, bool bold) {
  if (text_width(text, size, bold) <= most) return std::string(text);
  const double room = most - text_width("…", size, bold);
  std::string_view rest = text;
  double width = 0;
  std::string_view kept;
  while (!rest.empty()) {
    width += (bold ? 1.15 : 1) * size * width_of(take_code_point(rest));
    if (width > room) break;
    kept = text.substr(0, text.size() - rest.size());
  }
  return std::string(kept) + "…";
}

}  // namespace xgrad::optim::detail
