#pragma once

#include <autodiff/kernels/scan.hpp>
#include <autodiff/variable.hpp>

/// \file
/// Scans along one axis in either direction, from which the derivatives of other scans are built. Private to
/// the sources of the operations.

namespace xgrad::detail {

using kernels::AxisLoop;
using kernels::Direction;

/// Moves every entry one position along the axis, in the given direction; the first entry becomes `fill`.
template <class T>
Variable<T> shift(const Variable<T>& x, const AxisLoop& loop, Direction direction, T fill = 0);

/// The sums of the entries up to and including each entry.
template <class T>
Variable<T> cumsum(const Variable<T>& x, const AxisLoop& loop, Direction direction);

/// The products of the entries up to and including each entry.
template <class T>
Variable<T> cumprod(const Variable<T>& x, const AxisLoop& loop, Direction direction);

/// h_k = a_k h_{k-1} + b_k, from h_{-1} = 0; backward, h_k = a_k h_{k+1} + b_k. The first entry of a has no
/// effect, because it is multiplied by zero.
template <class T>
Variable<T> recurrence(const Variable<T>& a, const Variable<T>& b, const AxisLoop& loop, Direction direction);

/// The loop over an axis of an array of this shape. Throws ShapeError for an axis out of range.
kernels::AxisLoop axis_loop(const char* operation, std::ptrdiff_t axis, const Shape& shape);

}  // namespace xgrad::detail
