#pragma once

#include <autodiff/config.hpp>

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace xgrad::optim {

/// A point of a drawing, in its units; y increases downward.
struct Point {
  double x;  ///< distance from the left edge
  double y;  ///< distance from the upper edge
};

/// Options for shapes.
struct Stroke {
  std::string color = "currentColor";  ///< color of the line: a CSS color, or `none`
  double width = 1.5;                  ///< width of the line
  std::string fill = "none";           ///< color of the area
  std::string dashes = "";             ///< such as `4 3`: four units drawn, three not
  double opacity = 1;                  ///< of line and area, in [0, 1]: 0 is transparent
};

/// Options for text.
struct TextStyle {
  double size = 14;                    ///< font size, in units of the drawing
  std::string anchor = "start";        ///< which part of the text is at the point: `start`, `middle` or `end`
  std::string color = "currentColor";  ///< a CSS color
  bool italic = false;                 ///< in an italic mathematical font, as for variables
  bool bold = false;                   ///< in a bold font
  double rotation = 0;                 ///< degrees, clockwise
};

/// A drawing in the SVG format; shapes cover those drawn before them. Coordinates are rounded to two
/// decimals, so that drawings made on different machines are the same, and limited to +-1e9; NaN is written
/// as 0. In a text, `_{i}` is a subscript and `^{i}` a superscript.
class XGRAD_API Svg {
 public:
  /// A drawing of this size. With a background color it is legible on any page; with "", the background is
  /// transparent.
  Svg(double width, double height, const std::string& background = "white");

  /// A straight line between two points.
  Svg& line(Point from, Point to, const Stroke& stroke = {});
  /// Straight lines from each point to the next.
  Svg& polyline(const std::vector<Point>& points, const Stroke& stroke = {});
  /// A polygon with these corners in order; the last is joined to the first.
  Svg& polygon(const std::vector<Point>& points, const Stroke& stroke = {});
  /// A circle with this centre and radius.
  Svg& circle(Point centre, double radius, const Stroke& stroke = {});
  /// A rectangle with this upper left corner; `rounding` is the radius of its corners.
  Svg& rectangle(Point corner, double width, double height, const Stroke& stroke = {}, double rounding = 0);
  /// A line with an arrowhead at its end.
  Svg& arrow(Point from, Point to, const Stroke& stroke = {});
  /// A text on one line; `at` is a point of its baseline, to which the style's anchor refers.
  Svg& text(Point at, std::string_view text, const TextStyle& style = {});

  /// The drawing as SVG text.
  std::string str() const;
  /// Writes the drawing to a file. Throws FileError if it cannot be written.
  void save(const std::filesystem::path& path) const;

 private:
  double width_;
  double height_;
  std::string body_;
};

/// Escapes text for XML and HTML: markup is escaped, invalid UTF-8 becomes U+FFFD, and control characters
/// become spaces.
XGRAD_API std::string escape_xml(std::string_view text);

}  // namespace xgrad::optim
