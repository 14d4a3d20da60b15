#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

/// \file
/// The axes of a chart. Not installed.

namespace xgrad::optim::detail {

enum class Scale { linear, logarithmic, whole_numbers };

/// A number that is written at an axis.
struct Tick {
  double value;
  std::string label;
};

/// An axis: which numbers lie on it, and where.
class Axis {
 public:
  explicit Axis(Scale scale) : scale_(scale) {}

  /// Whether the number can lie on such an axis: it is finite, and on a logarithmic one positive.
  bool holds(double value) const;

  /// Makes the axis reach this number, if it holds it.
  void include(double value);

  /// Ends the calls of `include`. Numbers that are equal but for rounding are in the middle of an axis that
  /// begins at 0, because what tells them apart could not be written at it.
  void settle();

  /// Where the number lies: 0 is the beginning of the axis, 1 its end.
  double share(double value) const;

  /// Round numbers on the axis, in order: for `most` >= 2 about as many, and never more than 3 * most + 3.
  std::vector<Tick> ticks(std::size_t most) const;

 private:
  std::vector<Tick> linear_ticks(double low, double high, std::size_t most) const;
  std::vector<Tick> logarithmic_ticks(std::size_t most) const;

  Scale scale_;
  double low_ = std::numeric_limits<double>::infinity();  // of a logarithmic axis: in powers of 10
  double high_ = -std::numeric_limits<double>::infinity();
};

}  // namespace xgrad::optim::detail
