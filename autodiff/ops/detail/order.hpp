#pragma once

#include <autodiff/kernels/sorting.hpp>
#include <autodiff/variable.hpp>

#include <memory>

/// \file
/// Selection of entries from rows by index. Private to the sources of the operations.

namespace xgrad::detail {

/// Indices along the last axis, {..., k}.
using RowIndices = std::shared_ptr<const Array<std::int64_t>>;

/// The entries of the rows {..., n} of x at these indices.
template <class T>
Variable<T> take_in_rows(const Variable<T>& x, const RowIndices& indices);

/// The same with the values of these entries, which are known already.
template <class T>
Variable<T> take_in_rows(const char* name, Array<T>&& values, const Variable<T>& x,
                         const RowIndices& indices);

/// Throws ShapeError if a row has more entries than the sorting kernel can index.
template <class T>
void check_row_length(const char* operation, const Shape& shape);

}  // namespace xgrad::detail
