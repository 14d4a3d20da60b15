#include <autodiff/error.hpp>
#include <autodiff/files/atomic_file.hpp>
#include <optim/monitors/axis.hpp>
#include <optim/monitors/chart.hpp>
#include <optim/monitors/svg.hpp>
#include <optim/monitors/text_layout.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

namespace xgrad::optim {
namespace {

using detail::Axis;
using detail::Scale;
using detail::shortened;
using detail::text_width;
using detail::Tick;

// Colors of Okabe and Ito, which are distinguishable for the color-blind, in order of decreasing contrast.
constexpr std::array palette{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};

constexpr double small = 12, medium = 13;  // font sizes
constexpr double row = 20;                 // height of a row of the legend

/// An axis with the coordinates of its ends in the drawing.
struct PlacedAxis {
  const Axis& axis;
  double from, to;
  double at(double value) const { return from + axis.share(value) * (to - from); }
};

/// Whether the tick labels do not overlap; `extent` is the room that a label needs along the axis.
template <class Extent>
bool lie_apart(const std::vector<Tick>& ticks, const PlacedAxis& place, const Extent& extent) {
  for (std::size_t i = 1; i < ticks.size(); ++i) {
    const double distance = std::abs(place.at(ticks[i].value) - place.at(ticks[i - 1].value));
    if (distance < (extent(ticks[i]) + extent(ticks[i - 1])) / 2) return false;
  }
  return true;
}

/// As many ticks as there is room for their labels, at most about five.
template <class Extent>
std::vector<Tick> fitting_ticks(const PlacedAxis& place, const Extent& extent) {
  for (std::size_t most = 5; most >= 2; --most) {
    std::vector<Tick> ticks = place.axis.ticks(most);
    if (lie_apart(ticks, place, extent)) return ticks;
  }
  std::vector<Tick> ticks = place.axis.ticks(2);
  while (!lie_apart(ticks, place, extent)) ticks.pop_back();
  return ticks;
}

/// Drops points that do not affect the picture: of consecutive points in one column of pixels, keeps the
/// first, the highest, the lowest and the last.
std::vector<Point> thinned(const std::vector<Point>& points) {
  std::vector<Point> kept;
  for (std::size_t begin = 0, end = 0; begin < points.size(); begin = end) {
    std::size_t low = begin, high = begin;
    for (end = begin; end < points.size() && std::floor(points[end].x) == std::floor(points[begin].x);
         ++end) {
      if (points[end].y < points[low].y) low = end;
      if (points[end].y > points[high].y) high = end;
    }
    for (const std::size_t i : std::set<std::size_t>{begin, low, high, end - 1}) kept.push_back(points[i]);
  }
  return kept;
}

/// The dots of a line, at most one per pixel.
class Dots {
 public:
  Dots(Svg& drawing, std::string color) : drawing_(drawing), color_(std::move(color)) {}
  void add(const Point& at) {
    if (drawn_.insert({std::lround(at.x), std::lround(at.y)}).second)
      drawing_.circle(at, 3, {.color = "none", .fill = color_});
  }

 private:
  Svg& drawing_;
  std::string color_;
  std::set<std::pair<long, long>> drawn_;
};

/// An entry of the legend; `x` is the distance from the left edge of the plot, `row` counts from 0.
struct Entry {
  std::size_t line;
  std::string name;
  double x;
  std::size_t row;
};

/// Arranges the entries in rows of the given width.
std::vector<Entry> legend_of(const std::vector<std::string>& names, double width) {
  constexpr double sample = 32, gap = 16;
  std::vector<Entry> entries;
  double x = 0;
  std::size_t rows = 0;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i].empty()) continue;
    std::string name = shortened(names[i], small, width - sample);
    const double needed = sample + text_width(name, small);
    if (entries.empty() || x + needed > width) x = 0, ++rows;
    entries.push_back({i, std::move(name), x, rows - 1});
    x += needed + gap;
  }
  return entries;
}

}  // namespace

Chart::Chart(ChartOptions options) : options_(std::move(options)) {
  for (const double size : {options_.width, options_.height}) {
    if (!(size >= 100 && std::isfinite(size))) {
      throw ValueError(fmt::format("Chart: expected a size of at least 100 x 100 pixels, got {} x {}",
                                   options_.width, options_.height));
    }
  }
}

Chart& Chart::line(std::string name, std::vector<double> x, std::vector<double> y,
                   const LineOptions& options) {
  if (x.size() != y.size()) {
    throw ValueError(fmt::format("Chart: line \"{}\": expected equally many x and y, got {} and {}", name,
                                 x.size(), y.size()));
  }
  lines_.push_back({std::move(name), std::move(x), std::move(y), options});
  if (lines_.back().options.color.empty()) {
    lines_.back().options.color = palette[(lines_.size() - 1) % palette.size()];
  }
  return *this;
}

Chart& Chart::mark(double x, std::string label) {
  marks_.push_back({x, std::move(label)});
  return *this;
}

std::string Chart::svg() const {
  Axis x_axis(options_.log_x ? Scale::logarithmic : options_.whole_x ? Scale::whole_numbers : Scale::linear);
  Axis y_axis(options_.log_y ? Scale::logarithmic : Scale::linear);
  const auto is_shown = [&](const Line& line, std::size_t i) {
    return x_axis.holds(line.x[i]) && y_axis.holds(line.y[i]);
  };
  std::vector<std::string> names;
  for (const Line& each : lines_) {
    names.push_back(each.name);
    for (std::size_t i = 0; i < each.x.size(); ++i) {
      if (is_shown(each, i)) x_axis.include(each.x[i]), y_axis.include(each.y[i]);
    }
  }
  x_axis.settle();
  y_axis.settle();

  // The margins hold the labels of the y axis on the left, and title and legend above. A long legend
  // increases the height of the drawing, so that the plot keeps at least half of the requested height.
  double labels = 0;
  for (const Tick& each : y_axis.ticks(5)) labels = std::max(labels, text_width(each.label, small));
  const double left = std::max(labels + 14, 36.0) + (options_.y_label.empty() ? 0 : 24);
  const double width = std::max(options_.width, left + 60);
  const double right = width - 18;
  const std::vector<Entry> legend = legend_of(names, right - left);
  const double title = options_.title.empty() ? 14 : 28;
  const double top = title + (legend.empty() ? 0 : row * static_cast<double>(legend.back().row + 1)) + 14;
  const double below = options_.x_label.empty() ? 30 : 50;
  const double height = std::max(options_.height, top + options_.height / 2 + below);
  const double bottom = height - below;

  Svg drawing(width, height, options_.background);
  if (!options_.title.empty()) {
    drawing.text({width / 2, title}, shortened(options_.title, 15, width - 20, true),
                 {.size = 15, .anchor = "middle", .bold = true});
  }
  for (const Entry& each : legend) {
    const LineOptions& options = lines_[each.line].options;
    const double x = left + each.x, y = title + row * static_cast<double>(each.row + 1);
    drawing.line({x, y - 4}, {x + 26, y - 4},
                 {.color = options.color, .width = 2.5, .dashes = options.dashed ? "6 4" : ""});
    if (options.markers) drawing.circle({x + 13, y - 4}, 3, {.color = "none", .fill = options.color});
    drawing.text({x + 32, y}, each.name, {.size = small});
  }

  const PlacedAxis horizontal{x_axis, left, right}, vertical{y_axis, bottom, top};
  const Stroke grid{.width = 1, .opacity = 0.15};
  for (const Tick& tick : fitting_ticks(vertical, [](const Tick&) { return 1.3 * small; })) {
    const double y = vertical.at(tick.value);
    drawing.line({left, y}, {right, y}, grid);
    drawing.text({left - 8, y + 4}, tick.label, {.size = small, .anchor = "end"});
  }
  for (const Tick& tick :
       fitting_ticks(horizontal, [](const Tick& t) { return text_width(t.label, small) + 8; })) {
    const double x = horizontal.at(tick.value);
    drawing.line({x, top}, {x, bottom}, grid);
    drawing.text({x, bottom + 18}, tick.label, {.size = small, .anchor = "middle"});
  }
  drawing.polyline({{left, top}, {left, bottom}, {right, bottom}}, {.width = 1.2, .opacity = 0.6});
  drawing.text({(left + right) / 2, height - 10}, shortened(options_.x_label, medium, right - left),
               {.size = medium, .anchor = "middle"});
  drawing.text({18, (top + bottom) / 2}, shortened(options_.y_label, medium, bottom - top),
               {.size = medium, .anchor = "middle", .rotation = -90});

  for (const Line& each : lines_) {
    const Stroke stroke{.color = each.options.color, .width = 2, .dashes = each.options.dashed ? "6 4" : ""};
    Dots dots(drawing, each.options.color);
    std::vector<Point> part;
    const auto finish = [&] {
      if (part.size() == 1) dots.add(part[0]);
      if (part.size() > 1) drawing.polyline(thinned(part), stroke);
      part.clear();
    };
    bool gap = false;
    for (std::size_t i = 0; i < each.x.size(); ++i) {
      if (!is_shown(each, i)) {
        gap = true;
        continue;
      }
      const Point point{horizontal.at(each.x[i]), vertical.at(each.y[i])};
      // A gap within one column of pixels is not visible.
      if (gap && !part.empty() && std::floor(point.x) != std::floor(part.back().x)) finish();
      gap = false;
      if (each.options.steps && !part.empty()) part.push_back({point.x, part.back().y});
      part.push_back(point);
      if (each.options.markers) dots.add(point);
    }
    finish();
  }

  for (const Mark& each : marks_) {
    if (!x_axis.holds(each.x)) continue;
    const double x = horizontal.at(each.x);
    if (!(x >= left - 0.01 && x <= right + 0.01)) continue;
    drawing.line({x, top}, {x, bottom}, {.width = 1.2, .dashes = "3 4", .opacity = 0.6});
    const bool on_the_left = x > (left + right) / 2;
    drawing.text({on_the_left ? x - 5 : x + 5, top + 10},
                 shortened(each.label, small, (right - left) / 2 - 5),
                 {.size = small, .anchor = on_the_left ? "end" : "start"});
  }
  return drawing.str();
}

void Chart::save(const std::filesystem::path& path) const { files::write_atomically(path, svg()); }

}  // namespace xgrad::optim
