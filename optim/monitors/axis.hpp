#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

/// \file
/// The axes of a chart. Not installed.

namespace xgrad::optim::detail {

enum class Scale { linear, logarithmic, whole_numbers };

/// A labelled position on an axis.
struct Tick {
  double value;
  std::string label;
};

/// An axis: its range, the position of a value on it, and its ticks.
class Axis {
 public:
  explicit Axis(Scale scale) : scale_(scale) {}

  /// Whether the axis can show the value: finite and, on a logarithmic axis, positive.
  bool holds(double value) const;

  /// Extends the axis to the value, if the axis can show it.
  void include(double value);

  /// Fixes the range after the last call of `include`. Values that are equal up to rounding are placed in the
  /// middle of an axis that begins at 0, because tick labels could not show their difference.
  void settle();

  /// The position of the value: 0 is the beginning of the axis, 1 its end.
  double share(double value) const;

  /// Ticks at round numbers, in order: about `most` of them, for most >= 2, and never more than 3 * most + 3.
  std::vector<Tick> ticks(std::size_t most) const;

 private:
  std::vector<Tick> linear_ticks(double low, double high, std::size_t most) const;
  std::vector<Tick> logarithmic_ticks(std::size_t most) const;

  Scale scale_;
  double low_ = std::numeric_limits<double>::infinity();  // on a logarithmic axis, log10 of the value
  double high_ = -std::numeric_limits<double>::infinity();
};

}  // namespace xgrad::optim::detail
