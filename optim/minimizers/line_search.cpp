#include <optim/minimizers/line_search.hpp>

#include <algorithm>

namespace xgrad::optim::detail {
namespace {

constexpr double c1 = 1e-4;
constexpr double c2 = 0.9;

/// The minimiser of the cubic that interpolates values and slopes at two points (equation 3.43); the midpoint
/// if it is not well inside the interval.
double cubic_minimum(const LinePoint& a, const LinePoint& b) {
  const double d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.at - b.at);
  const double square = d1 * d1 - a.slope * b.slope;
  const double middle = (a.at + b.at) / 2;
  if (!(square >= 0)) return middle;
  const double d2 = std::copysign(std::sqrt(square), b.at - a.at);
  const double at = b.at - (b.at - a.at) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2);
  const double margin = 0.1 * std::abs(b.at - a.at);
  const bool inside = at > std::min(a.at, b.at) + margin && at < std::max(a.at, b.at) - margin;
  return inside ? at : middle;
}

class Search {
 public:
  Search(const std::function<LinePoint(double)>& phi, const LinePoint& start, std::size_t evaluations)
      : phi_(phi), start_(start), left_(evaluations) {}

  double run(double first) {
    LinePoint before = start_;
    for (double at = first; left_ > 0; at *= 2) {
      const LinePoint now = evaluate(at);
      if (!is_finite(now) || !decreases(now) || (before.at > 0 && now.value >= before.value))
        return zoom(before, now);
      if (is_flat(now)) return now.at;
      if (now.slope >= 0) return zoom(now, before);
      before = now;
    }
    return before.at;
  }

 private:
  static bool is_finite(const LinePoint& p) { return std::isfinite(p.value) && std::isfinite(p.slope); }
  bool decreases(const LinePoint& p) const { return p.value <= start_.value + c1 * p.at * start_.slope; }
  bool is_flat(const LinePoint& p) const { return std::abs(p.slope) <= c2 * std::abs(start_.slope); }

  LinePoint evaluate(double at) {
    --left_;
    last_ = at;
    LinePoint point = phi_(at);
    point.at = at;
    return point;
  }

  /// Narrows an interval that contains a step satisfying the conditions; `low` is the end with the smallest
  /// value that satisfies the first one.
  double zoom(LinePoint low, LinePoint high) {
    while (left_ > 0 && low.at != high.at) {
      const double at = is_finite(high) ? cubic_minimum(low, high) : low.at + 0.25 * (high.at - low.at);
      if (at == low.at || at == high.at) break;  // no floating-point number lies between
      const LinePoint now = evaluate(at);
      if (!is_finite(now) || !decreases(now) || now.value >= low.value) {
        high = now;
        continue;
      }
      if (is_flat(now)) return now.at;
      if (now.slope * (high.at - low.at) >= 0) high = low;
      low = now;
    }
    if (low.at > 0 && last_ != low.at) phi_(low.at);
    return low.at;
  }

  const std::function<LinePoint(double)>& phi_;
  LinePoint start_;
  std::size_t left_;
  double last_ = 0;
};

}  // namespace

double find_step(const std::function<LinePoint(double)>& phi, const LinePoint& start, double first,
                 std::size_t evaluations) {
  return Search(phi, start, evaluations).run(first);
}

}  // namespace xgrad::optim::detail
