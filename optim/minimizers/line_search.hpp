#pragma once

#include <cmath>
#include <cstddef>
#include <functional>

/// \file
/// A line search for the strong Wolfe conditions. Not installed.

namespace xgrad::optim::detail {

/// phi(a) = L(w + a d) and its slope phi'(a).
struct LinePoint {
  double at = 0;
  double value = 0;
  double slope = 0;
};

/// Finds a step a > 0 with the strong Wolfe conditions
///
///     phi(a) <= phi(0) + c1 a phi'(0)   and   |phi'(a)| <= c2 |phi'(0)|,
///
/// c1 = 1e-4, c2 = 0.9 (Nocedal and Wright 1999, algorithms 3.5 and 3.6), or the best step with the first of
/// them that `evaluations` allow; 0 where none was found. `phi` is called last with the step that is
/// returned.
double find_step(const std::function<LinePoint(double)>& phi, const LinePoint& start, double first,
                 std::size_t evaluations);

}  // namespace xgrad::optim::detail
