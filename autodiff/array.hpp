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

/// The extents of an array, outermost first.
using Shape = xt::svector<std::size_t, 4>;

/// A contiguous, row-major xtensor container on pooled memory. It is an xtensor expression like any
/// other; its type does not depend on the flags that a program is compiled with.
///
///     Array<float> a = {{1, 2}, {3, 4}};     // numbers; rows of different lengths throw ShapeError
///     Array<float> b = empty<float>({2, 3});  // a shape
///
/// `Array<float>({2, 3})` could be either and does not compile.
template <class T>
using Array = xt::xarray_container<xt::uvector<T, PoolAllocator<T>>, xt::layout_type::row_major, Shape>;

/// An xtensor expression: a container, a view, or a formula of them.
template <class E>
concept Expression = xt::is_xexpression<std::remove_cvref_t<E>>::value;

/// An xtensor expression with entries of type T.
template <class E, class T>
concept ExpressionOf = Expression<E> && std::same_as<typename std::remove_cvref_t<E>::value_type, T>;

/// An xtensor expression whose entries are integers or booleans: labels, indices, conditions.
template <class E>
concept IntegerExpression = Expression<E> && std::integral<typename std::remove_cvref_t<E>::value_type>;

/// The shape as text: `{64, 28, 28, 1}`.
XGRAD_API std::string to_string(const Shape& shape);

/// The number of entries of an array of this shape, 0 if an extent is 0. Throws ShapeError if it overflows.
XGRAD_API std::size_t element_count(const Shape& shape);

namespace detail {

/// A process has at most this many bytes of addresses.
inline constexpr std::size_t largest_array_bytes = std::size_t{1} << 47;

[[noreturn]] XGRAD_API void throw_too_large(const char* operation, const Shape& shape);

/// The shape itself. Throws ShapeError, naming the operation, if no process could hold an array of it: every
/// shape that is computed from numbers that may be large passes here before memory is asked for.
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

/// a + b and a * b of extents, or the largest number if they overflow, which check_size refuses.
constexpr std::size_t add_extents(std::size_t a, std::size_t b) {
  std::size_t sum = 0;
  return __builtin_add_overflow(a, b, &sum) ? ~std::size_t{0} : sum;
}
constexpr std::size_t multiply_extents(std::size_t a, std::size_t b) {
  std::size_t product = 0;
  return __builtin_mul_overflow(a, b, &product) ? ~std::size_t{0} : product;
}

}  // namespace detail

/// An Array of this shape with entries not yet set. Throws ShapeError for a shape that no memory can hold.
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

/// The index on each axis of an entry, from its place in row-major order.
inline Shape index_of(std::size_t place, const Shape& shape) {
  Shape index(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0; place /= shape[axis]) index[axis] = place % shape[axis];
  return index;
}

}  // namespace detail

/// The shape that NumPy's broadcasting gives to operands of these two shapes; throws ShapeError, naming
/// the operation, where they do not fit.
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

/// The entries as text, as xtensor prints arrays: `{{1, 2}, {3, 4}}`, one row a line. Of an array that would
/// take more than 40 lines, or has more than 1000 entries, the first and the last of each axis.
template <class T>
XGRAD_API std::string to_string(const Array<T>& array);

namespace detail {

XGRAD_API void dump(const Array<float>& array);
XGRAD_API void dump(const Array<double>& array);
XGRAD_API void dump(const Array<bool>& array);
XGRAD_API void dump(const Array<int>& array);
XGRAD_API void dump(const Array<std::int64_t>& array);

}  // namespace detail

// Writes the shape and the entries to standard error: functions to call from a debugger, `call
// xgrad::dump(x)`. They are part of each program, as debuggers call only what they have debug information
// for.
[[gnu::used]] inline void dump(const Array<float>& array) { detail::dump(array); }
[[gnu::used]] inline void dump(const Array<double>& array) { detail::dump(array); }
[[gnu::used]] inline void dump(const Array<bool>& array) { detail::dump(array); }
[[gnu::used]] inline void dump(const Array<int>& array) { detail::dump(array); }
[[gnu::used]] inline void dump(const Array<std::int64_t>& array) { detail::dump(array); }

namespace detail {

/// What an entry is printed as.
template <class T>
using printed_t = std::conditional_t<!std::integral<T> || std::same_as<T, bool>, T,
                                     std::conditional_t<std::is_signed_v<T>, std::int64_t, std::uint64_t>>;

}  // namespace detail

/// An xtensor expression that `fmt` prints: entries are numbers or booleans, and `&e` is its address (fmt
/// cannot take views and formulas, for which it is something else: print `xt::eval(formula)`).
template <class E>
concept PrintableExpression = Expression<E> &&
    (std::integral<typename E::value_type> || std::same_as<typename E::value_type, float> ||
     std::same_as<typename E::value_type, double>)&&requires(const E& e) {
  { &e } -> std::same_as<const E*>;
};

}  // namespace xgrad

FMT_BEGIN_NAMESPACE
template <typename T, typename Char>
struct is_range;

/// Not as a range, where fmt/ranges.h is included.
template <xgrad::PrintableExpression E>
struct is_range<E, char> {
  static constexpr bool value = false;
};
FMT_END_NAMESPACE

/// fmt prints arrays and formulas of them as `to_string` does; the format specification is a string's
/// (`{:>20}`).
template <xgrad::PrintableExpression E>
struct fmt::formatter<E, char> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const E& expression, Context& context) const {
    using T = xgrad::detail::printed_t<typename E::value_type>;
    return fmt::formatter<std::string>::format(xgrad::to_string(xgrad::to_array<T>(xt::cast<T>(expression))),
                                               context);
  }
};
