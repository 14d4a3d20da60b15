#pragma once

#include <autodiff/config.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace xgrad::optim {

/// Options for Chart.
struct ChartOptions {
  std::string title = "";            ///< text above the plot; "": none
  std::string x_label = "";          ///< name of the x axis; "": none
  std::string y_label = "";          ///< name of the y axis; "": none
  bool log_x = false;                ///< logarithmic x axis; points with x <= 0 are omitted
  bool log_y = false;                ///< logarithmic y axis; likewise
  double width = 640;                ///< in pixels, at least 100
  double height = 400;               ///< in pixels, at least 100; increased if the legend needs many rows
  std::string background = "white";  ///< "": transparent; text and axes use the page's color
  bool whole_x = false;              ///< only integer tick labels on the x axis, as for epochs
};

/// Options for Chart::line.
struct LineOptions {
  std::string color = "";  ///< a CSS color; "": the next of a palette that is safe for color blindness
  bool dashed = false;     ///< a dashed line instead of a solid one
  bool markers = false;    ///< a dot at each point
  bool steps = false;      ///< a step function: constant from each point to the next
};

/// A line chart as an SVG drawing:
///
///     optim::Chart chart({.title = "Loss", .x_label = "epoch", .log_y = true});
///     chart.line("training", epochs, losses);
///     chart.save("loss.svg");
///
/// The drawing is well-formed XML for any numbers and texts. Its size is bounded: of the points in one column
/// of pixels, only those that affect the picture are drawn. Texts that are too long end with an ellipsis.
class XGRAD_API Chart {
 public:
  /// Throws ValueError if width or height is not finite or is less than 100.
  explicit Chart(ChartOptions options = {});

  /// Adds a line through the points (x, y). Points that are not finite leave a gap. Throws ValueError if x
  /// and y differ in size.
  Chart& line(std::string name, std::vector<double> x, std::vector<double> y,
              const LineOptions& options = {});

  /// Adds a dashed vertical line at x with a label at its top, such as the best epoch. It does not extend the
  /// axis: a mark outside it is not drawn.
  Chart& mark(double x, std::string label);

  /// The drawing as SVG text.
  std::string svg() const;
  /// Writes the drawing to a file. Throws FileError if it cannot be written.
  void save(const std::filesystem::path& path) const;

 private:
  struct Line {
    std::string name;
    std::vector<double> x;
    std::vector<double> y;
    LineOptions options;
  };

  struct Mark {
    double x;
    std::string label;
  };

  ChartOptions options_;
  std::vector<Line> lines_;
  std::vector<Mark> marks_;
};

}  // namespace xgrad::optim
