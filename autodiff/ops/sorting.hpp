#pragma once

#include <autodiff/ops/axes.hpp>

#include <cstdint>

/// \file
/// Orders of the entries along an axis, and where they are. NaN counts as larger than every number, as in
/// NumPy: last in ascending order, first in descending. Entries that are equal keep their order, so that each
/// result is one certain entry of x, and that entry gets its gradient. Negative axes count from the last; an
/// axis out of range throws ShapeError.

namespace xgrad {

/// How `sort` and `argsort` order.
struct SortOptions {
  bool descending = false;  ///< from the largest entry down
};

/// How `topk` chooses.
struct TopKOptions {
  bool largest =
      true;  ///< the largest entries, from the largest down; else the smallest, from the smallest up
};

/// What `topk` finds: `auto [values, indices] = topk(x, 5);`
template <Precision T>
struct TopK {
  Variable<T> values;
  Array<std::int64_t> indices;
};

/// The entries along an axis in order.
template <class T>
XGRAD_API Variable<T> sort(const Variable<T>& x, int axis = -1, const SortOptions& options = {});

/// Where the entries of `sort` come from: indices along the axis.
template <class T>
XGRAD_API Array<std::int64_t> argsort(const Variable<T>& x, int axis = -1, const SortOptions& options = {});

/// The k largest (or smallest) entries along an axis, in order, and their indices. Throws ValueError where
/// the axis has fewer.
template <class T>
XGRAD_API TopK<T> topk(const Variable<T>& x, std::size_t k, int axis = -1, const TopKOptions& options = {});

/// The index of the largest entry along an axis: the first of equal ones, the first NaN where there is one.
/// Throws ShapeError over none.
template <class T>
XGRAD_API Array<std::int64_t> argmax(const Variable<T>& x, int axis, KeepDims keep = {});

/// The same among all entries, in row-major order: an array of shape {}.
template <class T>
XGRAD_API Array<std::int64_t> argmax(const Variable<T>& x, KeepDims keep = {});

/// The index of the smallest entry along an axis: the first of equal ones, the first NaN where there is one.
/// Throws ShapeError over none.
template <class T>
XGRAD_API Array<std::int64_t> argmin(const Variable<T>& x, int axis, KeepDims keep = {});

/// The same among all entries, in row-major order: an array of shape {}.
template <class T>
XGRAD_API Array<std::int64_t> argmin(const Variable<T>& x, KeepDims keep = {});

}  // namespace xgrad
