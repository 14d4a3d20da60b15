#pragma once

#include <autodiff/ops/axes.hpp>

#include <cstdint>

/// \file
/// Sorting along an axis, and indices of sorted, largest and smallest entries. NaN counts as larger than
/// every number, as in NumPy: last in ascending order, first in descending. Equal entries keep their order,
/// so that each result is one definite entry of x, which gets the gradient. Negative axes count from the
/// last; an axis out of range throws ShapeError.

namespace xgrad {

/// Options for sort and argsort.
struct SortOptions {
  bool descending = false;  ///< from the largest entry to the smallest
};

/// Options for topk.
struct TopKOptions {
  bool largest = true;  ///< the largest entries in descending order, or else the smallest in ascending order
};

/// The result of topk: `auto [values, indices] = topk(x, 5);`
template <Precision T>
struct TopK {
  Variable<T> values;           ///< the entries in order, k along the axis
  Array<std::int64_t> indices;  ///< their indices along the axis, in the shape of `values`
};

/// The entries sorted along an axis.
template <class T>
XGRAD_API Variable<T> sort(const Variable<T>& x, int axis = -1, const SortOptions& options = {});

/// The indices along the axis of the sorted entries in x.
template <class T>
XGRAD_API Array<std::int64_t> argsort(const Variable<T>& x, int axis = -1, const SortOptions& options = {});

/// The k largest (or smallest) entries along an axis, in order, and their indices. Throws ValueError if the
/// axis has fewer than k entries.
template <class T>
XGRAD_API TopK<T> topk(const Variable<T>& x, std::size_t k, int axis = -1, const TopKOptions& options = {});

/// The index of the largest entry along an axis: the first among equals, or the first NaN if there is one.
/// Throws ShapeError if there are no entries.
template <class T>
XGRAD_API Array<std::int64_t> argmax(const Variable<T>& x, int axis, KeepDims keep = {});

/// The same for all entries, in row-major order: an array of shape {}, or with extents 1 if axes are kept.
template <class T>
XGRAD_API Array<std::int64_t> argmax(const Variable<T>& x, KeepDims keep = {});

/// The index of the smallest entry along an axis: the first among equals, or the first NaN if there is one.
/// Throws ShapeError if there are no entries.
template <class T>
XGRAD_API Array<std::int64_t> argmin(const Variable<T>& x, int axis, KeepDims keep = {});

/// The same for all entries, in row-major order: an array of shape {}, or with extents 1 if axes are kept.
template <class T>
XGRAD_API Array<std::int64_t> argmin(const Variable<T>& x, KeepDims keep = {});

}  // namespace xgrad
