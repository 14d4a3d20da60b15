#include <autodiff/error.hpp>
#include <optim/chart.hpp>
#include <optim/svg.hpp>
#include <optim/text_file.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace xgrad::optim {
namespace {

// Okabe and Ito's colors, which the colour-blind can tell apart, from the most to the least contrast.
constexpr std::array palette{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"};

/// An axis: what numbers lie on it, and where.
class Axis {
 public:
  Axis(bool logarithmic, double from, double to) : logarithmic_(logarithmic), from_(from), to_(to) {}

  bool holds(double value) const { return std::isfinite(value) && (!logarithmic_ || value > 0); }

  void include(double value) {
    if (!holds(value)) return;
    low_ = std::min(low_, scaled(value));
    high_ = std::max(high_, scaled(value));
  }

  /// To be called when all numbers are included.
  void settle() {
    if (!(low_ <= high_)) low_ = 0, high_ = 1;
    if (low_ == high_) low_ -= logarithmic_ ? 0.5 : std::max(0.5 * std::abs(low_), 0.5);
    if (low_ >= high_) high_ = low_ + 1;
    // Within a few percent of zero it starts there.
    if (!logarithmic_ && low_ > 0 && low_ < 0.35 * high_) low_ = 0;
  }

  double at(double value) const { return from_ + (scaled(value) - low_) / (high_ - low_) * (to_ - from_); }

  /// The numbers to be written at the axis.
  std::vector<double> ticks() const {
    std::vector<double> all;
    if (logarithmic_ && high_ - low_ > 0.7) {
      const bool dense = high_ - low_ < 2.5;
      const double step = std::max(1.0, std::ceil((high_ - low_) / 7));
      for (double e = std::floor(low_); e <= high_; e += step) {
        for (const double m : dense ? std::vector<double>{1, 2, 5} : std::vector<double>{1})
          add(all, m * std::pow(10, e));
      }
      return all;
    }
    const double low = logarithmic_ ? std::pow(10, low_) : low_;
    const double high = logarithmic_ ? std::pow(10, high_) : high_;
    const double rough = (high - low) / 5;
    const double power = std::pow(10, std::floor(std::log10(rough)));
    const double step = power * (rough / power > 5 ? 10 : rough / power > 2 ? 5 : rough / power > 1 ? 2 : 1);
    for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k) add(all, k * step);
    return all;
  }

 private:
  double scaled(double value) const { return logarithmic_ ? std::log10(value) : value; }

  void add(std::vector<double>& all, double value) const {
    const double s = scaled(value);
    if (s >= low_ - 1e-9 * (high_ - low_) && s <= high_ + 1e-9 * (high_ - low_)) all.push_back(value);
  }

  bool logarithmic_;
  double from_, to_;
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
};

/// As short as it can be: `0.01`, `2000`, `50k`, `1e-06`.
std::string label(double value) {
  if (std::abs(value) < 1e-12) return "0";
  const double magnitude = std::abs(value);
  if (magnitude >= 1e4 && magnitude < 1e9 && std::fmod(value, 100) == 0) {
    return magnitude >= 1e6 ? fmt::format("{:.6g}M", value / 1e6) : fmt::format("{:.6g}k", value / 1e3);
  }
  return fmt::format("{:.6g}", value);
}

/// About as wide as a text of this size is set.
double text_width(const std::string& text, double size) {
  return 0.56 * size * static_cast<double>(text.size());
}

}  // namespace

Chart::Chart(ChartOptions options) : options_(std::move(options)) {}

Chart& Chart::line(std::string name, std::vector<double> x, std::vector<double> y,
                   const LineOptions& options) {
  if (x.size() != y.size()) {
    throw ValueError(fmt::format("Chart: line \"{}\": {} x and {} y came, expected equally many", name,
                                 x.size(), y.size()));
  }
  lines_.push_back({std::move(name), std::move(x), std::move(y), options});
  if (lines_.back().options.color.empty()) {
    lines_.back().options.color = palette[(lines_.size() - 1) % palette.size()];
  }
  return *this;
}

std::string Chart::svg() const {
  constexpr double small = 12, medium = 13;
  Svg drawing(options_.width, options_.height, options_.background);
  double top = 14;
  if (!options_.title.empty()) {
    top += 14;
    drawing.text({options_.width / 2, top}, options_.title, {.size = 15, .anchor = "middle", .bold = true});
  }
  const double left = options_.y_label.empty() ? 52 : 70, right = options_.width - 18;
  const double bottom = options_.height - (options_.x_label.empty() ? 30 : 50);

  // The legend, in as many rows as it takes.
  double x = left;
  bool has_legend = false;
  for (const Line& each : lines_) {
    if (each.name.empty()) continue;
    const double width = 34 + text_width(each.name, small) + 12;
    if (!has_legend || x + width > right) {
      top += 20;
      x = left;
      has_legend = true;
    }
    const Stroke stroke{
        .color = each.options.color, .width = 2.5, .dashes = each.options.dashed ? "6 4" : ""};
    drawing.line({x, top - 4}, {x + 26, top - 4}, stroke);
    if (each.options.markers)
      drawing.circle({x + 13, top - 4}, 3, {.color = "none", .fill = each.options.color});
    drawing.text({x + 32, top}, each.name, {.size = small});
    x += width;
  }
  top += 14;

  Axis horizontal(options_.log_x, left, right), vertical(options_.log_y, bottom, top);
  for (const Line& each : lines_) {
    for (std::size_t i = 0; i < each.x.size(); ++i) {
      if (!horizontal.holds(each.x[i]) || !vertical.holds(each.y[i])) continue;
      horizontal.include(each.x[i]);
      vertical.include(each.y[i]);
    }
  }
  horizontal.settle();
  vertical.settle();
  const Stroke grid{.width = 1, .opacity = 0.15};
  for (const double tick : vertical.ticks()) {
    const double y = vertical.at(tick);
    drawing.line({left, y}, {right, y}, grid);
    drawing.text({left - 8, y + 4}, label(tick), {.size = small, .anchor = "end"});
  }
  for (const double tick : horizontal.ticks()) {
    const double at = horizontal.at(tick);
    drawing.line({at, top}, {at, bottom}, grid);
    drawing.text({at, bottom + 18}, label(tick), {.size = small, .anchor = "middle"});
  }
  drawing.polyline({{left, top}, {left, bottom}, {right, bottom}}, {.width = 1.2, .opacity = 0.6});
  drawing.text({(left + right) / 2, options_.height - 10}, options_.x_label,
               {.size = medium, .anchor = "middle"});
  drawing.text({18, (top + bottom) / 2}, options_.y_label,
               {.size = medium, .anchor = "middle", .rotation = -90});

  for (const Line& each : lines_) {
    const Stroke stroke{.color = each.options.color, .width = 2, .dashes = each.options.dashed ? "6 4" : ""};
    std::vector<Point> part;
    const auto finish = [&] {
      if (part.size() == 1) drawing.circle(part[0], 3, {.color = "none", .fill = each.options.color});
      if (part.size() > 1) drawing.polyline(part, stroke);
      part.clear();
    };
    for (std::size_t i = 0; i < each.x.size(); ++i) {
      if (!horizontal.holds(each.x[i]) || !vertical.holds(each.y[i])) {
        finish();
        continue;
      }
      const Point point{horizontal.at(each.x[i]), vertical.at(each.y[i])};
      if (each.options.steps && !part.empty()) part.push_back({point.x, part.back().y});
      part.push_back(point);
      if (each.options.markers) drawing.circle(point, 3, {.color = "none", .fill = each.options.color});
    }
    finish();
  }
  return drawing.str();
}

void Chart::save(const std::filesystem::path& path) const { detail::write_text_file(path, svg()); }

}  // namespace xgrad::optim
