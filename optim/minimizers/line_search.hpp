#pragma once

#include <cmath>
#include <cstddef>
#include <functional>

/// \file
/// Line search for a step that satisfies the strong Wolfe conditions. Not installed.

namespace xgrad::optim::detail {

/// A step a, phi(a) = L(w + a d) and the slope phi'(a).
struct LinePoint {
  double at = 0;
  double value = 0;
  double slope = 0;
};

/// Finds a step a > 0 that satisfies the strong Wolfe conditions
///
///     phi(a) <= phi(0) + c1 a phi'(0)   and   |phi'(a)| <= c2 |phi'(0)|,
///
/// c1 = 1e-4, c2 = 0.9 (Nocedal and Wright 1999, algorithms 3.5 and 3.6). `first` is the first step tried. If
/// `evaluations` do not suffice, returns the best step found that satisfies the first condition, or 0 if
/// there is none. The last call of `phi` is with the returned step, unless that is 0.
double find_step(const std::function<LinePoint(double)>& phi, const LinePoint& start, double first,
                 std::size_t evaluations);

}  // namespace xgrad::optim::detail
