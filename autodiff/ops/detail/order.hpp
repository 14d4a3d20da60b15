#pragma once

#include <autodiff/kernels/sorting.hpp>
#include <autodiff/variable.hpp>

#include <memory>

/// \file
/// Entries chosen from rows by their indices. Private to the sources of the operations.

namespace xgrad::detail {

/// Indices along the last axis, {..., k}.
using RowIndices = std::shared_ptr<const Array<std::int64_t>>;

/// The entries of the rows {..., n} of x that have these indices.
template <class T>
Variable<T> take_in_rows(const Variable<T>& x, const RowIndices& indices);

/// The same where the entries are known already.
template <class T>
Variable<T> take_in_rows(const char* name, Array<T>&& values, const Variable<T>& x,
                         const RowIndices& indices);

/// Throws ShapeError where a row has too many entries to number them.
template <class T>
void check_row_length(const char* operation, const Shape& shape);

}  // namespace xgrad::detail
