#pragma once

#include <autodiff/array.hpp>

namespace xgrad::detail {

/// An axis counted from the front; negative ones count from the last. Throws ShapeError, naming the
/// operation.
std::size_t normalize_axis(const char* operation, int axis, const Shape& shape);

/// Throws ShapeError for an index that is not on this axis.
[[noreturn]] void throw_index(const char* operation, std::ptrdiff_t index, std::size_t axis,
                              const Shape& shape);

/// The shape as `reshape` takes it.
inline std::vector<std::ptrdiff_t> signed_shape(const Shape& shape) { return {shape.begin(), shape.end()}; }

}  // namespace xgrad::detail
