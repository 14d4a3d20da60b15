#pragma once

#include <autodiff/array.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <variant>

/// \file
/// Indices that select entries of an array: integers, xtensor's slices, arrays of integers and of booleans.

namespace xgrad {

/// An xtensor expression of integers: indices along an axis.
template <class E>
concept IndexExpression =
    IntegerExpression<E> && !std::same_as<typename std::remove_cvref_t<E>::value_type, bool>;

/// An xtensor expression of booleans: a mask.
template <class E>
concept BooleanExpression = ExpressionOf<E, bool>;

namespace detail {

/// A slice; a bound that is not given is open.
struct Slice {
  std::optional<std::ptrdiff_t> start;
  std::optional<std::ptrdiff_t> stop;
  std::optional<std::ptrdiff_t> step;
};

struct NewAxis {};
struct Ellipsis {};

/// One item of a list of indices.
using Index = std::variant<std::ptrdiff_t, Slice, NewAxis, Ellipsis, Array<std::int64_t>, Array<bool>>;

/// Converts an index of any integer type; one that does not fit is out of range for any array, and clamped.
template <std::integral I>
constexpr std::int64_t to_position(I index) {
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  if constexpr (sizeof(I) < sizeof(std::int64_t) || std::is_signed_v<I>) {
    return static_cast<std::int64_t>(index);
  } else {
    return index > static_cast<I>(largest) ? largest : static_cast<std::int64_t>(index);
  }
}

/// Converts indices of any integer type.
template <IndexExpression E>
Array<std::int64_t> to_positions(const E& expression) {
  using I = typename E::value_type;
  if constexpr (std::is_same_v<I, std::int64_t>) {
    return to_array<std::int64_t>(expression);
  } else {
    const Array<I> entries = to_array<I>(expression);
    Array<std::int64_t> result(entries.shape());
    for (std::size_t i = 0; i < entries.size(); ++i) result.data()[i] = to_position(entries.data()[i]);
    return result;
  }
}

template <std::integral I, std::size_t N>
Array<std::int64_t> to_positions(const I (&list)[N]) {
  Array<std::int64_t> result(Shape{N});
  for (std::size_t i = 0; i < N; ++i) result.data()[i] = to_position(list[i]);
  return result;
}

inline std::optional<std::ptrdiff_t> to_bound(std::ptrdiff_t bound) { return bound; }
inline std::optional<std::ptrdiff_t> to_bound(xt::placeholders::xtuph) { return std::nullopt; }

template <class S>
struct is_range : std::false_type {};
template <class A, class B, class C>
struct is_range<xt::xrange_adaptor<A, B, C>> : std::true_type {};

/// Converts an argument of `view` to an Index.
template <class S>
Index to_index(const S& s) {
  if constexpr (std::integral<S> && !std::is_same_v<S, bool>) {
    return static_cast<std::ptrdiff_t>(to_position(s));
  } else if constexpr (std::is_same_v<S, xt::xall_tag>) {
    return Slice{};
  } else if constexpr (std::is_same_v<S, xt::xnewaxis_tag>) {
    return NewAxis{};
  } else if constexpr (std::is_same_v<S, xt::xellipsis_tag>) {
    return Ellipsis{};
  } else if constexpr (is_range<S>::value) {
    return Slice{to_bound(s.start()), to_bound(s.stop()), to_bound(s.step())};
  } else if constexpr (BooleanExpression<S>) {
    return to_array<bool>(s);
  } else if constexpr (IndexExpression<S>) {
    return to_positions(s);
  } else {
    constexpr bool is_index = !std::is_same_v<S, S>;
    static_assert(is_index,
                  "xgrad: an index must be an integer, xt::range, xt::all, xt::newaxis, "
                  "xt::ellipsis, or an array of integers or booleans");
    return {};  // avoids a second, misleading error
  }
}

}  // namespace detail

}  // namespace xgrad
