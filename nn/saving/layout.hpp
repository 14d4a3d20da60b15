#pragma once

#include <nn/saving/saving.hpp>

#include <vector>

/// \file
/// Reorders a model's arrays for a file of another layout, and back. Not installed.

namespace xgrad::nn::detail {

/// The order of each parameter and each buffer in a file.
struct FileOrders {
  std::vector<ArrayOrder> parameters, buffers;
};

/// Throws ValueError if the options name an array that the model does not have or channels that do not divide
/// an extent, or if the order of an array is unknown.
template <class T>
FileOrders file_orders(const SavedParts<T>& parts, const SavingOptions& options);

Shape shape_in_file(const ArrayOrder& order, const Shape& shape);

template <class T>
Array<T> to_file(const ArrayOrder& order, const Array<T>& value);

template <class T>
Array<T> from_file(const ArrayOrder& order, const Array<T>& value, const Shape& shape);

}  // namespace xgrad::nn::detail
