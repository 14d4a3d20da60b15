#pragma once

#include <autodiff/ops/lift.hpp>

/// \file
/// Parts of an array, chosen by slices.

namespace xgrad {

namespace detail {

template <class T>
XGRAD_API Variable<T> slice(const Variable<T>& x, const xt::xstrided_slice_vector& slices);

template <class S>
auto to_slice(const S& slice) {
  if constexpr (std::integral<S>) {
    return static_cast<std::ptrdiff_t>(slice);
  } else {
    return slice;
  }
}

/// `count` indices of one axis, from `start` on.
struct AxisRange {
  std::size_t axis;
  std::size_t start;
  std::size_t count;
};

/// The part of x at those indices.
template <class T>
Variable<T> axis_range(const Variable<T>& x, const AxisRange& range);

}  // namespace detail

/// The part of x that xtensor's slices choose, copied: `view(x, xt::range(0, 4), xt::all(), 3)`. Ranges may
/// have steps and negative bounds, and stop at the end of the axis as NumPy's do; an integer drops its axis;
/// `xt::newaxis()` adds one and `xt::ellipsis()` stands for the axes not named. Throws ShapeError for an
/// index out of range or more slices than axes.
template <class T, class... Slices>
Variable<T> view(Variable<T> x, Slices&&... slices) {
  xt::xstrided_slice_vector list;
  list.reserve(sizeof...(slices));
  (list.push_back(detail::to_slice(slices)), ...);
  return detail::slice<T>(x, list);
}

}  // namespace xgrad
