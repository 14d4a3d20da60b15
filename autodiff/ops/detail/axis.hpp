#pragma once

#include <autodiff/array.hpp>

namespace xgrad::detail {

/// The axis counted from the front; a negative axis counts from the last. Throws ShapeError, naming the
/// operation, for an axis out of range.
std::size_t normalize_axis(const char* operation, int axis, const Shape& shape);

/// Throws ShapeError for an index that is out of range for this axis.
[[noreturn]] void throw_index(const char* operation, std::ptrdiff_t index, std::size_t axis,
                              const Shape& shape);

/// Converts a shape to the argument type of `reshape`.
inline std::vector<std::ptrdiff_t> signed_shape(const Shape& shape) { return {shape.begin(), shape.end()}; }

}  // namespace xgrad::detail
