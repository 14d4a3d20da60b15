#pragma once

#include <autodiff/config.hpp>
#include <autodiff/container.hpp>
#include <autodiff/memory.hpp>
#include <autodiff/xtensor.hpp>

#include <fmt/format.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace xgrad {

/// The extents of an array, outermost axis first.
using Shape = xt::svector<std::size_t, 4>;

/// A contiguous, row-major xtensor container on pooled memory. It is an ordinary xtensor expression, and its
/// type does not depend on the compiler flags of the program.
///
///     Array<float> a = {{1, 2}, {3, 4}};      // values; rows of different lengths throw ShapeError
///     Array<float> b = empty<float>({2, 3});  // a shape
///
/// `Array<float>({2, 3})` is ambiguous and does not compile.
template <class T>
using Array = xt::xarray_container<xt::uvector<T, PoolAllocator<T>>, xt::layout_type::row_major, Shape>;

/// An xtensor expression: a container, a view, or a lazy expression of them.
template <class E>
concept Expression = xt::is_xexpression<std::remove_cvref_t<E>>::value;

/// An xtensor expression with entries of type T.
template <class E, class T>
concept ExpressionOf = Expression<E> && std::same_as<typename std::remove_cvref_t<E>::value_type, T>;

/// An xtensor expression whose entries are integers or booleans: labels, indices, conditions.
template <class E>
concept IntegerExpression = Expression<E> && std::integral<typename std::remove_cvref_t<E>::value_type>;

/// Formats a shape: `{64, 28, 28, 1}`.
XGRAD_API std::string to_string(const Shape& shape);

/// The number of entries of an array of this shape. Throws ShapeError on overflow, unless an extent is 0.
XGRAD_API std::size_t element_count(const Shape& shape);

namespace detail {

/// The size of a process's address space.
inline constexpr std::size_t largest_array_bytes = std::size_t{1} << 47;

[[noreturn]] XGRAD_API void throw_too_large(const char* operation, const Shape& shape);

/// Returns the shape. Throws ShapeError, naming the operation, if an array of it would exceed
/// largest_array_bytes. Call it on every computed shape that may be large, before allocating.
inline const Shape& check_size(const char* operation, const Shape& shape, std::size_t entry_bytes) {
  std::size_t bytes = entry_bytes;
  bool fits = true;
  for (const std::size_t extent : shape) {
    if (extent == 0) return shape;
    fits = fits && !__builtin_mul_overflow(bytes, extent, &bytes);
  }
  if (!fits || bytes > largest_array_bytes) throw_too_large(operation, shape);
  return shape;
}

/// a + b and a * b of extents, saturating on overflow; check_size rejects the saturated value.
constexpr std::size_t add_extents(std::size_t a, std::size_t b) {
  std::size_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? ~std::size_t{0} : sum;
}
constexpr std::size_t multiply_extents(std::size_t a, std::size_t b) {
  std::size_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? ~std::size_t{0} : product;
}

}  // namespace detail

/// An Array of this shape with uninitialised entries. Throws ShapeError for a shape that exceeds the address
/// space.
template <class T>
Array<T> empty(const Shape& shape) {
  return Array<T>(detail::check_size("empty", shape, sizeof(T)));
}

/// An Array of this shape with every entry equal to `value`. Throws as `empty` does.
template <class T>
Array<T> full(const Shape& shape, T value) {
  return Array<T>(detail::check_size("full", shape, sizeof(T)), value);
}

namespace detail {

/// The multi-index of an entry, from its row-major offset.
inline Shape index_of(std::size_t place, const Shape& shape) {
  Shape index(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0; place /= shape[axis]) index[axis] = place % shape[axis];
  return index;
}

}  // namespace detail

/// The NumPy broadcast of two shapes. Throws ShapeError, naming the operation, if they do not broadcast.
XGRAD_API Shape broadcast_shape(const char* operation, const Shape& a, const Shape& b);

/// Evaluates any xtensor expression of the same precision into an Array.
template <class T, Expression E>
Array<T> to_array(E&& expression) {
  if constexpr (std::is_same_v<std::remove_cvref_t<E>, Array<T>>) {
    return std::forward<E>(expression);
  } else {
    const auto& extents = expression.shape();  // some expressions return it by value
    Shape shape(extents.begin(), extents.end());
    Array<T> result(shape);
    xt::noalias(result) = expression;
    return result;
  }
}

/// Formats the entries as xtensor does: `{{1, 2}, {3, 4}}`, one row per line. Arrays that would take more
/// than 40 lines, or have more than 1000 entries, show only the first and last entries of each axis.
template <class T>
XGRAD_API std::string to_string(const Array<T>& array);

namespace detail {

XGRAD_API void dump(const Array<float>& array);
XGRAD_API void dump(const Array<double>& array);
XGRAD_API void dump(const Array<bool>& array);
XGRAD_API void dump(const Array<int>& array);
XGRAD_API void dump(const Array<std::int64_t>& array);

}  // namespace detail

// Inline, so that each program contains them: debuggers only call functions that they have debug information
// for.
/// Prints the shape and the entries to standard error, for use in a debugger: `call xgrad::dump(x)`.
[[gnu::used]] inline void dump(const Array<float>& array) { detail::dump(array); }
[[gnu::used]] inline void dump(const Array<double>& array) { detail::dump(array); }
[[gnu::used]] inline void dump(const Array<bool>& array) { detail::dump(array); }
[[gnu::used]] inline void dump(const Array<int>& array) { detail::dump(array); }
[[gnu::used]] inline void dump(const Array<std::int64_t>& array) { detail::dump(array); }

namespace detail {

/// The type an entry is converted to for printing.
template <class T>
using printed_t = std::conditional_t<!std::integral<T> || std::same_as<T, bool>, T,
                                     std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>;

}  // namespace detail

/// An xtensor expression that `fmt` can print: entries are numbers or booleans, and `&e` is its address.
/// Views and lazy expressions overload `&`, which fmt does not support: print `xt::eval(expression)`.
template <class E>
concept PrintableExpression =
    Expression<E> &&
    (std::integral<typename E::value_type> || std::same_as<typename E::value_type, float> ||
     std::same_as<typename E::value_type, double>) &&
    requires(const E& e) {
      { &e } -> std::same_as<const E*>;
    };

}  // namespace xgrad

FMT_BEGIN_NAMESPACE
template <typename T, typename Char>
struct is_range;

/// Prevents fmt/ranges.h from formatting arrays as ranges.
template <xgrad::PrintableExpression E>
struct is_range<E, char> {
  static constexpr bool value = false;
};
FMT_END_NAMESPACE

/// Formats arrays and lazy expressions with fmt, as `to_string` does; the format specification is that of a
/// string (`{:>20}`).
template <xgrad::PrintableExpression E>
struct fmt::formatter<E, char> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const E& expression, Context& context) const {
    using T = xgrad::detail::printed_t<typename E::value_type>;
    return fmt::formatter<std::string>::format(xgrad::to_string(xgrad::to_array<T>(xt::cast<T>(expression))),
                                               context);
  }
};
