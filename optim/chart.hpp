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
  double width = 640;                ///< in pixels
  double height = 400;               ///< in pixels
  std::string background = "white";  ///< "": that of the page, whose color text and axes take
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
///     chart.line("training", epochs, risks);
///     chart.save("risk.svg");
class XGRAD_API Chart {
 public:
  explicit Chart(ChartOptions options = {});

  /// Adds a line through points (x, y). Points that are not finite leave a gap. Throws ValueError where there
  /// are not equally many of both.
  Chart& line(std::string name, std::vector<double> x, std::vector<double> y,
              const LineOptions& options = {});

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

  ChartOptions options_;
  std::vector<Line> lines_;
};

}  // namespace xgrad::optim
