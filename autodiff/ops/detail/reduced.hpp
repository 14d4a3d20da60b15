#pragma once

#include <autodiff/kernels/rows.hpp>
#include <autodiff/ops/axes.hpp>

#include <optional>

/// \file
/// What reductions over axes have in common. Private to the sources of the operations.

namespace xgrad::detail {

/// The shapes of a reduction's result, and how many entries make one of its.
struct Reduced {
  std::vector<bool> axes;
  Shape kept;   // with the reduced axes, of extent 1
  Shape shape;  // as asked for
  std::size_t count = 1;

  Reduced(const char* operation, const Shape& from, const Axes& which, KeepDims keep);

  /// The reduced axes as one, where they are neighbours.
  std::optional<kernels::AxisLoop> loop(const Shape& from) const;
  /// Their numbers.
  std::vector<int> axis_list() const;
  /// The order of axes in which the reduced ones come last.
  std::vector<int> order_with_reduced_last() const;
  /// Throws ShapeError where nothing is reduced to one: "max: nothing to take the maximum of ...".
  void require_entries(const char* operation, const char* what, const Shape& from) const;
};

/// A result or its cotangent in this shape: with the reduced axes back, so that it broadcasts against the
/// operand, or without them.
template <class T>
Variable<T> restore(const Variable<T>& x, const Shape& kept);

/// The cotangent of x, for g and y with the reduced axes: the entries of x that equal y share g equally. It
/// is linear in g, and its derivatives by x and y are zero.
template <class T>
Variable<T> share_among_equal(const Variable<T>& g, const Variable<T>& x, const Array<T>& y,
                              const Reduced& to);

/// y with 0 in place of -infinity, the logarithm of nothing, so that exp(x - y) is 0 there and no NaN.
template <class T>
Variable<T> zero_for_nothing(const Variable<T>& y);

/// g / y, and 0, with derivatives 0, where y is 0: what a root's pullback makes of g where the root is 0.
template <class T>
Variable<T> divide_or_zero(const Variable<T>& g, const Variable<T>& y);

}  // namespace xgrad::detail
