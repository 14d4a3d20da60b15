#pragma once

#include "check_operation.hpp"

// References for operations that reduce an array over axes.

namespace check {

/// Calls `body(result_offset, entry)` for every entry of x, in row-major order, with the offset of its
/// element in a result reduced over `axes`.
template <class F>
void for_reduced(const Array<double>& x, const std::vector<std::size_t>& axes, F body) {
  std::vector<bool> reduced(x.dimension(), false);
  for (const std::size_t axis : axes) reduced[axis] = true;
  for (std::size_t flat = 0; flat < x.size(); ++flat) {
    std::size_t rest = flat;
    std::size_t to = 0;
    std::size_t stride = 1;
    for (std::size_t axis = x.dimension(); axis-- > 0; rest /= x.shape()[axis]) {
      if (reduced[axis]) continue;
      to += rest % x.shape()[axis] * stride;
      stride *= x.shape()[axis];
    }
    body(to, x.data()[flat]);
  }
}

/// The shape of a result over axes.
inline Shape reduced_shape(const Shape& shape, const std::vector<std::size_t>& axes, bool keep) {
  Shape result;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool reduced = std::find(axes.begin(), axes.end(), i) != axes.end();
    if (!reduced || keep) result.push_back(reduced ? 1 : shape[i]);
  }
  return result;
}

/// Reduces over `axes` by result = f(result, entry), entry by entry, starting from `initial`.
template <class F>
Array<double> reduce(const Array<double>& x, const std::vector<std::size_t>& axes, bool keep, double initial,
                     F f) {
  Array<double> result = full<double>(reduced_shape(x.shape(), axes, keep), initial);
  for_reduced(x, axes,
              [&](std::size_t to, double entry) { result.data()[to] = f(result.data()[to], entry); });
  return result;
}

/// Reduces over `axes` by f(entries), with the entries of each result as a vector in row-major order.
template <class F>
Array<double> reduce_windows(const Array<double>& x, const std::vector<std::size_t>& axes, bool keep, F f) {
  Array<double> result(reduced_shape(x.shape(), axes, keep));
  std::vector<std::vector<double>> windows(result.size());
  for_reduced(x, axes, [&](std::size_t to, double entry) { windows[to].push_back(entry); });
  std::transform(windows.begin(), windows.end(), result.begin(), f);
  return result;
}

/// Axes as a user passes them, and as non-negative indices.
struct AxesCase {
  Shape shape;
  std::vector<int> axes;
  std::vector<std::size_t> counted;
};

inline const std::vector<AxesCase> axes_cases{{{}, {}, {}},
                                              {{5}, {0}, {0}},
                                              {{2, 3}, {0}, {0}},
                                              {{2, 3}, {1}, {1}},
                                              {{2, 3}, {-1}, {1}},
                                              {{2, 3}, {0, 1}, {0, 1}},
                                              {{2, 3}, {}, {}},
                                              {{2, 3, 4}, {1}, {1}},
                                              {{2, 3, 4}, {0, 2}, {0, 2}},
                                              {{2, 1, 4}, {-2}, {1}},
                                              {{2, 3, 2, 2}, {3, 0}, {0, 3}},
                                              {{2, 3, 2, 2}, {1, 2}, {1, 2}}};

/// The number of entries per result.
inline std::size_t window_size(const AxesCase& c) {
  std::size_t count = 1;
  for (const std::size_t axis : c.counted) count *= c.shape[axis];
  return count;
}

/// Checks a reduction f(x, axes, keep) against `expected(x, axes, keep)` for all `axes_cases`.
template <class F, class R>
void over_axes(const F& f, const R& expected) {
  for (const AxesCase& c : axes_cases) {
    CAPTURE(to_string(c.shape));
    CAPTURE(c.axes.size());
    const Array<double> x = draw(c.shape);
    for (const bool keep : {false, true}) {
      operation([&](const auto& v) { return f(v, c.axes, keep); }, expected(x, c.counted, keep), x);
    }
  }
}

}  // namespace check
