#pragma once

#include <nn/saving/saving.hpp>

#include <vector>

/// \file
/// How a model's arrays are ordered in a file of another layout. Not installed.

namespace xgrad::nn::detail {

/// What becomes of each parameter and each buffer on its way to a file.
struct FileOrders {
  std::vector<ArrayOrder> parameters, buffers;
};

/// Throws ValueError where the options name what the model does not have, channels that do not divide an
/// extent, or where the order of an array is not known.
template <class T>
FileOrders file_orders(const SavedParts<T>& parts, const SavingOptions& options);

Shape shape_in_file(const ArrayOrder& order, const Shape& shape);

template <class T>
Array<T> to_file(const ArrayOrder& order, const Array<T>& value);

template <class T>
Array<T> from_file(const ArrayOrder& order, const Array<T>& value, const Shape& shape);

}  // namespace xgrad::nn::detail
