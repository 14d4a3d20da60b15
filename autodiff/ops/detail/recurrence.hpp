#pragma once

#include <autodiff/kernels/scan.hpp>
#include <autodiff/variable.hpp>

/// \file
/// Scans along one axis in either direction, which the derivatives of others are made of. Private to the
/// sources of the operations.

namespace xgrad::detail {

using kernels::AxisLoop;
using kernels::Direction;

/// Every entry one place further along the axis, `fill` in the first place.
template <class T>
Variable<T> shift(const Variable<T>& x, const AxisLoop& loop, Direction direction, T fill = 0);

/// The sums of the entries up to each.
template <class T>
Variable<T> cumsum(const Variable<T>& x, const AxisLoop& loop, Direction direction);

/// The products of the entries up to each.
template <class T>
Variable<T> cumprod(const Variable<T>& x, const AxisLoop& loop, Direction direction);

/// h_k = a_k h_{k-1} + b_k, from h_{-1} = 0; backward, h_k = a_k h_{k+1} + b_k. The array a is written with
/// one entry too many: the first is multiplied by zero.
template <class T>
Variable<T> recurrence(const Variable<T>& a, const Variable<T>& b, const AxisLoop& loop, Direction direction);

/// An axis as a loop takes it. Throws ShapeError.
kernels::AxisLoop axis_loop(const char* operation, std::ptrdiff_t axis, const Shape& shape);

}  // namespace xgrad::detail
