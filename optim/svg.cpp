#include <autodiff/error.hpp>
#include <optim/svg.hpp>
#include <optim/text_file.hpp>

#include <fmt/format.h>

#include <cmath>

namespace xgrad::optim {
namespace {

/// To a hundredth, without zeros behind.
std::string number(double value) {
  const double rounded = std::round(value * 100) / 100;
  return fmt::format("{}", rounded == 0 ? 0.0 : rounded);
}

std::string style_of(const Stroke& stroke) {
  std::string text = fmt::format("fill=\"{}\" stroke=\"{}\" stroke-width=\"{}\"", stroke.fill, stroke.color,
                                 number(stroke.width));
  if (!stroke.dashes.empty()) text += fmt::format(" stroke-dasharray=\"{}\"", stroke.dashes);
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

/// `_{...}` and `^{...}` as smaller, shifted spans.
std::string with_scripts(std::string_view text, double size) {
  std::string result;
  double shift = 0;  // of the text so far from its line
  const auto span = [&](std::string_view part, double to, bool is_small) {
    if (part.empty()) return;
    result +=
        fmt::format("<tspan dy=\"{}\"{}>{}</tspan>", number(to - shift),
                    is_small ? fmt::format(" font-size=\"{}\"", number(0.7 * size)) : "", escape_xml(part));
    shift = to;
  };
  while (true) {
    const std::size_t at = text.find('{', 1);
    const bool is_script = at != std::string_view::npos && (text[at - 1] == '_' || text[at - 1] == '^');
    const std::size_t end = is_script ? text.find('}', at) : std::string_view::npos;
    if (end == std::string_view::npos) break;
    span(text.substr(0, at - 1), 0, false);
    span(text.substr(at + 1, end - at - 1), (text[at - 1] == '_' ? 0.25 : -0.4) * size, true);
    text.remove_prefix(end + 1);
  }
  if (result.empty()) return escape_xml(text);
  span(text, 0, false);
  return result;
}

}  // namespace

std::string escape_xml(std::string_view text) {
  std::string result;
  for (const char character : text) {
    switch (character) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += static_cast<unsigned char>(character) < 0x20 && character != '\n' ? ' ' : character;
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
  if (length == 0) return *this;
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
                  number(at.y), number(style.size), style.anchor, style.color);
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

void Svg::save(const std::filesystem::path& path) const { detail::write_text_file(path, str()); }

}  // namespace xgrad::optim
