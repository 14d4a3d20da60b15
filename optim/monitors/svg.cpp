#include <autodiff/error.hpp>
#include <autodiff/files/atomic_file.hpp>
#include <optim/monitors/svg.hpp>
#include <optim/monitors/text_layout.hpp>
#include <optim/monitors/unicode.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad::optim {
namespace {

/// Rounds to two decimals, without trailing zeros. NaN and infinity, which SVG cannot represent, are
/// replaced.
std::string number(double value) {
  constexpr double most = 1e9;
  const double rounded = std::isnan(value) ? 0 : std::round(std::clamp(value, -most, most) * 100) / 100;
  return fmt::format("{}", rounded == 0 ? 0.0 : rounded);
}

std::string style_of(const Stroke& stroke) {
  std::string text = fmt::format("fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"", escape_xml(stroke.fill),
                                 escape_xml(stroke.color), number(stroke.width));
  if (!stroke.dashes.empty()) text += fmt::format(" stroke-dasharray=\"{}\"", escape_xml(stroke.dashes));
  if (stroke.opacity != 1) text += fmt::format(" opacity=\"{}\"", number(stroke.opacity));
  return text + " stroke-linejoin=\"round\" stroke-linecap=\"round\"";
}

std::string coordinates(const std::vector<Point>& points) {
  std::string text;
  for (const Point& each : points) {
    text += fmt::format("{}{},{}", text.empty() ? "" : " ", number(each.x), number(each.y));
  }
  return text;
}

/// Writes `_{...}` and `^{...}` as smaller, shifted spans.
std::string with_scripts(std::string_view text, double size) {
  const auto spans = detail::split_scripts(text);
  if (spans.size() == 1 && spans[0].place == detail::Span::on_line) return escape_xml(text);
  std::string result;
  double shift = 0;  // current offset from the baseline
  for (const detail::Span& span : spans) {
    const bool is_small = span.place != detail::Span::on_line;
    const double to = is_small ? (span.place == detail::Span::low ? 0.25 : -0.4) * size : 0;
    result +=
        fmt::format("<tspan dy=\"{}\"{}>{}</tspan>", number(to - shift),
                    is_small ? fmt::format(" font-size=\"{}\"", number(detail::script_size * size)) : "",
                    escape_xml(span.text));
    shift = to;
  }
  return result;
}

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const std::string_view before = text;
    const std::optional<char32_t> code = detail::take_code_point(text);
    // XML cannot represent U+FFFE, U+FFFF and most control characters.
    if (!code || *code == 0xfffe || *code == 0xffff) {
      result += "\ufffd";
    } else if ((*code < 0x20 && *code != '\n') || (*code >= 0x7f && *code < 0xa0)) {
      result += ' ';
    } else if (*code == '&') {
      result += "&amp;";
    } else if (*code == '<') {
      result += "&lt;";
    } else if (*code == '>') {
      result += "&gt;";
    } else if (*code == '"') {
      result += "&quot;";
    } else if (*code == '\'') {
      result += "&#39;";
    } else {
      result += before.substr(0, before.size() - text.size());
    }
  }
  return result;
}

Svg::Svg(double width, double height, const std::string& background) : width_(width), height_(height) {
  if (!background.empty())
    rectangle({0, 0}, width, height, {.color = "none", .width = 0, .fill = background});
}

Svg& Svg::line(Point from, Point to, const Stroke& stroke) {
  body_ += fmt::format("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\" {}/>\n", number(from.x), number(from.y),
                       number(to.x), number(to.y), style_of(stroke));
  return *this;
}

Svg& Svg::polyline(const std::vector<Point>& points, const Stroke& stroke) {
  body_ += fmt::format("<polyline points=\"{}\" {}/>\n", coordinates(points), style_of(stroke));
  return *this;
}

Svg& Svg::polygon(const std::vector<Point>& points, const Stroke& stroke) {
  body_ += fmt::format("<polygon points=\"{}\" {}/>\n", coordinates(points), style_of(stroke));
  return *this;
}

Svg& Svg::circle(Point centre, double radius, const Stroke& stroke) {
  body_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" {}/>\n", number(centre.x), number(centre.y),
                       number(radius), style_of(stroke));
  return *this;
}

Svg& Svg::rectangle(Point corner, double width, double height, const Stroke& stroke, double rounding) {
  body_ +=
      fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{}\" {}/>\n", number(corner.x),
                  number(corner.y), number(width), number(height), number(rounding), style_of(stroke));
  return *this;
}

Svg& Svg::arrow(Point from, Point to, const Stroke& stroke) {
  const double length = std::hypot(to.x - from.x, to.y - from.y);
  if (!(length > 0)) return *this;
  const double x = (to.x - from.x) / length, y = (to.y - from.y) / length;
  const double head = 4 + 2.5 * stroke.width;
  const Point base{to.x - head * x, to.y - head * y};
  line(from, base, stroke);
  return polygon({to,
                  {base.x - 0.4 * head * y, base.y + 0.4 * head * x},
                  {base.x + 0.4 * head * y, base.y - 0.4 * head * x}},
                 {.color = stroke.color, .width = 0.5, .fill = stroke.color});
}

Svg& Svg::text(Point at, std::string_view text, const TextStyle& style) {
  std::string attributes =
      fmt::format("x=\"{}\" y=\"{}\" font-size=\"{}\" text-anchor=\"{}\" fill=\"{}\"", number(at.x),
                  number(at.y), number(style.size), escape_xml(style.anchor), escape_xml(style.color));
  if (style.italic)
    attributes += " font-family=\"Latin Modern Math, STIX Two Text, Georgia, serif\" font-style=\"italic\"";
  if (style.bold) attributes += " font-weight=\"600\"";
  if (style.rotation != 0) {
    attributes +=
        fmt::format(" transform=\"rotate({} {} {})\"", number(style.rotation), number(at.x), number(at.y));
  }
  body_ += fmt::format("<text {}>{}</text>\n", attributes, with_scripts(text, style.size));
  return *this;
}

std::string Svg::str() const {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"Helvetica, Arial, sans-serif\" role=\"img\">\n{2}</svg>\n",
      number(width_), number(height_), body_);
}

void Svg::save(const std::filesystem::path& path) const { files::write_atomically(path, str()); }

}  // namespace xgrad::optim
