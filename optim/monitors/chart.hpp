#pragma once

#include <autodiff/config.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace xgrad::optim {

/// What a chart looks like.
struct ChartOptions {
  std::string title = "";
  std::string x_label = "";
  std::string y_label = "";
  bool log_x = false;                ///< a logarithmic axis; numbers <= 0 are left out
  bool log_y = false;                ///< the same
  double width = 640;                ///< in pixels, at least 100
  double height = 400;               ///< in pixels, at least 100; a legend of many lines adds to it
  std::string background = "white";  ///< "": that of the page, whose color text and axes take
  bool whole_x = false;              ///< writes only whole numbers at the x axis, as for epochs
};

/// What a line looks like.
struct LineOptions {
  std::string color =
      "";  ///< a CSS color; "": the next of the chart's own, which the colour-blind can tell apart
  bool dashed = false;
  bool markers = false;  ///< a dot at each point
  bool steps = false;    ///< level from each point to the next
};

/// A chart of lines as an SVG drawing:
///
///     optim::Chart chart({.title = "Risk", .x_label = "epoch", .log_y = true});
///     chart.line("training", epochs, losses);
///     chart.save("loss.svg");
///
/// The drawing is well-formed XML for any numbers and texts, and bounded in size: of points closer than a
/// pixel, only those that can be seen are drawn. Texts that are too long end in an ellipsis.
class XGRAD_API Chart {
 public:
  /// Throws ValueError for a size that is not finite or less than 100.
  explicit Chart(ChartOptions options = {});

  /// Adds a line through points (x, y). Points that are not finite leave a gap. Throws ValueError where there
  /// are not equally many of both.
  Chart& line(std::string name, std::vector<double> x, std::vector<double> y,
              const LineOptions& options = {});

  /// Adds a dashed vertical line at x with a text at its top, such as the best epoch. It does not widen the
  /// axis: outside it, nothing is drawn.
  Chart& mark(double x, std::string label);

  /// The drawing.
  std::string svg() const;
  /// Writes it to a file. Throws FileError.
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
