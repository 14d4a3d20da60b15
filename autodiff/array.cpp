#include <autodiff/array.hpp>
#include <autodiff/error.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace xgrad {

std::string to_string(const Shape& shape) { return fmt::format("{{{}}}", fmt::join(shape, ", ")); }

std::size_t element_count(const Shape& shape) {
  if (std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end()) return 0;
  std::size_t count = 1;
  for (const std::size_t extent : shape) {
    if (__builtin_mul_overflow(count, extent, &count)) {
      throw ShapeError(
          fmt::format("an array of shape {} has more entries than memory has addresses", to_string(shape)));
    }
  }
  return count;
}

void detail::throw_too_large(const char* operation, const Shape& shape, std::size_t) {
  throw ShapeError(fmt::format("{}: a result of shape {} needs more than 2^47 bytes, which no process has",
                               operation, to_string(shape)));
}

Shape broadcast_shape(const char* operation, const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()), 1);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const std::size_t axis = result.size() - 1 - i;
    const std::size_t extent_a = i < a.size() ? a[a.size() - 1 - i] : 1;
    const std::size_t extent_b = i < b.size() ? b[b.size() - 1 - i] : 1;
    if (extent_a != extent_b && extent_a != 1 && extent_b != 1) {
      throw ShapeError(fmt::format("{}: shapes {} and {} do not broadcast: extents {} and {}", operation,
                                   to_string(a), to_string(b), extent_a, extent_b));
    }
    result[axis] = extent_a == 1 ? extent_b : extent_a;
  }
  detail::check_size(operation, result, 1);
  return result;
}

}  // namespace xgrad
