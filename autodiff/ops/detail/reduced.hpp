#pragma once

#include <autodiff/kernels/rows.hpp>
#include <autodiff/ops/axes.hpp>

#include <optional>

/// \file
/// Shared by the reductions over axes. Private to the sources of the operations.

namespace xgrad::detail {

/// The shapes of a reduction's result, and the number of entries that are reduced to one.
struct Reduced {
  std::vector<bool> axes;
  Shape kept;   // with the reduced axes kept, of extent 1
  Shape shape;  // of the result
  std::size_t count = 1;

  Reduced(const char* operation, const Shape& from, const Axes& which, KeepDims keep);

  /// A loop over the reduced axes as one axis, if they are adjacent.
  std::optional<kernels::AxisLoop> loop(const Shape& from) const;
  /// The indices of the reduced axes.
  std::vector<int> axis_list() const;
  /// The permutation of the axes that moves the reduced ones to the end.
  std::vector<int> order_with_reduced_last() const;
  /// Throws ShapeError if there are no entries: "max: an array of shape ... has no entries to take the
  /// maximum of".
  void require_entries(const char* operation, const char* what, const Shape& from) const;
};

/// Reshapes a result or its cotangent: to the shape with the reduced axes, so that it broadcasts against the
/// operand, or without them.
template <class T>
Variable<T> restore(const Variable<T>& x, const Shape& kept);

/// The cotangent of x, for g and y with the reduced axes kept: the entries of x that equal y share g equally.
/// It is linear in g, and its derivatives with respect to x and y are zero.
template <class T>
Variable<T> share_among_equal(const Variable<T>& g, const Variable<T>& x, const Array<T>& y,
                              const Reduced& to);

/// y with -infinity, the logarithm of an empty sum, replaced by 0, so that exp(x - y) is 0 there and not NaN.
template <class T>
Variable<T> zero_for_nothing(const Variable<T>& y);

/// g / y, and 0, with derivatives 0, where y is 0: used in the pullbacks of roots.
template <class T>
Variable<T> divide_or_zero(const Variable<T>& g, const Variable<T>& y);

}  // namespace xgrad::detail
