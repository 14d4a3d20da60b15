#pragma once

#include <autodiff/config.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xgrad::optim {

/// A point of a drawing, in its units; y grows downward.
struct Point {
  double x;
  double y;
};

/// How something is drawn.
struct Stroke {
  std::string color = "currentColor";  ///< of the line: a CSS color, or `none`
  double width = 1.5;                  ///< of the line
  std::string fill = "none";           ///< of the area
  std::string dashes = "";             ///< `4 3`: four units drawn, three not
  double opacity = 1;
};

/// How a text is set.
struct TextStyle {
  double size = 14;
  std::string anchor = "start";  ///< what lies at the point: `start`, `middle` or `end` of the text
  std::string color = "currentColor";
  bool italic = false;  ///< as variables are in mathematics
  bool bold = false;
  double rotation = 0;  ///< degrees, clockwise
};

/// A drawing in the SVG format: shapes lie over those that came before. Coordinates are written to a
/// hundredth, so that drawings on different machines are alike, and limited to +-1e9 (NaN is 0). In a text,
/// `_{i}` and `^{i}` are set low and high.
class XGRAD_API Svg {
 public:
  /// A drawing of this size. With a background it can be read on any page; without, it takes the page's
  /// color.
  Svg(double width, double height, const std::string& background = "white");

  Svg& line(Point from, Point to, const Stroke& stroke = {});
  Svg& polyline(const std::vector<Point>& points, const Stroke& stroke = {});
  Svg& polygon(const std::vector<Point>& points, const Stroke& stroke = {});
  Svg& circle(Point centre, double radius, const Stroke& stroke = {});
  Svg& rectangle(Point corner, double width, double height, const Stroke& stroke = {}, double rounding = 0);
  /// A line with an arrow's head at its end.
  Svg& arrow(Point from, Point to, const Stroke& stroke = {});
  Svg& text(Point at, std::string_view text, const TextStyle& style = {});

  /// The whole drawing.
  std::string str() const;
  /// Writes it to a file. Throws FileError.
  void save(const std::filesystem::path& path) const;

 private:
  double width_;
  double height_;
  std::string body_;
};

/// Text as it stands in XML and HTML: markup is escaped, what is not UTF-8 becomes U+FFFD, control characters
/// become spaces.
XGRAD_API std::string escape_xml(std::string_view text);

}  // namespace xgrad::optim
