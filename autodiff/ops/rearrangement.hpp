#pragma once

#include <autodiff/ops/lift.hpp>
#include <autodiff/ops/reduction.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <initializer_list>
#include <iterator>
#include <vector>

/// \file
/// Reordering and repetition of entries along axes.

namespace xgrad {

/// Reverses the order of the entries along the given axes, by default all: flip(x), flip(x, 0), flip(x, {0,
/// -1}). Throws ShapeError for an axis out of range or given twice.
template <class T>
Variable<T> flip(Variable<T> x);
template <class T, detail::AxesArgument A>
Variable<T> flip(Variable<T> x, A&& axes);
template <class T, class I, std::size_t N>
Variable<T> flip(Variable<T> x, const I (&axes)[N]);

/// Moves the entries by `shift` positions towards the end of an axis; those moved beyond the end reappear at
/// the start. Without an axis, the entries are rolled in row-major order. With lists, roll(x, {1, -2}, {0,
/// 1}), each shift applies to the corresponding axis; an axis may be given several times. Throws ShapeError
/// for an axis out of range, or lists that differ in length.
template <class T, std::integral I>
Variable<T> roll(Variable<T> x, I shift);
template <class T, std::integral I, std::integral A>
Variable<T> roll(Variable<T> x, I shift, A axis);
template <class T>
Variable<T> roll(Variable<T> x, const std::vector<std::ptrdiff_t>& shifts, const std::vector<int>& axes);

/// x repeated along each axis (np.tile): tile(x, {2, 3}). The shorter of x's shape and the list of counts is
/// extended with leading ones; a single count applies to the last axis. Throws ValueError for a negative
/// count.
template <class T, std::integral I>
Variable<T> tile(Variable<T> x, I count);
template <class T, class I>
Variable<T> tile(Variable<T> x, std::initializer_list<I> counts);
template <class T, IntegerRange R>
Variable<T> tile(Variable<T> x, const R& counts);

/// Repeats each index of an axis `count` times in a row, or as often as a list with a count for each index
/// says (np.repeat). Without an axis, repeats each entry in row-major order. Throws ShapeError if the list's
/// length is not the extent of the axis, ValueError for a negative count.
template <class T, std::integral I>
Variable<T> repeat(Variable<T> x, I count);
template <class T, std::integral I, std::integral A>
Variable<T> repeat(Variable<T> x, I count, A axis);
template <class T, std::integral A>
Variable<T> repeat(Variable<T> x, std::vector<std::size_t> counts, A axis);

/// The order of the axes of `meshgrid`.
enum class Indexing {
  xy,  ///< Cartesian: the first vector varies along axis 1, the second along axis 0
  ij   ///< matrix indices: vector i varies along axis i
};

/// The coordinates of all points of a grid, one array for each vector: `auto [x, y] = meshgrid(a, b)`. Arrays
/// are flattened to vectors. meshgrid({a, b}, Indexing::ij) returns a std::vector.
template <VariableType First, VariableType... Rest>
auto meshgrid(First&& first, Rest&&... rest);
template <class T>
XGRAD_API std::vector<Variable<T>> meshgrid(const std::vector<Variable<T>>& vectors,
                                            Indexing indexing = Indexing::xy);
template <class T>
std::vector<Variable<T>> meshgrid(std::initializer_list<Variable<T>> vectors,
                                  Indexing indexing = Indexing::xy);

namespace detail {

template <class T>
XGRAD_API Variable<T> flip(const Variable<T>& x, const Axes& axes);
template <class T>
XGRAD_API Variable<T> roll_all(const Variable<T>& x, std::ptrdiff_t shift);
template <class T>
XGRAD_API Variable<T> roll(const Variable<T>& x, const std::vector<std::ptrdiff_t>& shifts,
                           const std::vector<int>& axes);
template <class T>
XGRAD_API Variable<T> tile(const Variable<T>& x, const std::vector<std::ptrdiff_t>& counts);
template <class T>
XGRAD_API Variable<T> repeat_all(const Variable<T>& x, std::ptrdiff_t count);
template <class T>
XGRAD_API Variable<T> repeat(const Variable<T>& x, std::ptrdiff_t count, int axis);
template <class T>
XGRAD_API Variable<T> repeat_each(const Variable<T>& x, const std::vector<std::size_t>& counts, int axis);

}  // namespace detail

// Arguments by value, and one overload with xtensor's argument types: more specialised than xtensor's
// functions.

template <class T>
Variable<T> flip(Variable<T> x) {
  return detail::flip<T>(x, {});
}
template <class T, detail::AxesArgument A>
Variable<T> flip(Variable<T> x, A&& axes) {
  return detail::flip<T>(x, axes);
}
template <class T>
Variable<T> flip(Variable<T> x, std::size_t axis) {
  return detail::flip<T>(x, static_cast<int>(axis));
}
template <class T, class I, std::size_t N>
Variable<T> flip(Variable<T> x, const I (&axes)[N]) {
  return detail::flip<T>(x, axes);
}

template <class T, std::integral I>
Variable<T> roll(Variable<T> x, I shift) {
  return detail::roll_all<T>(x, static_cast<std::ptrdiff_t>(shift));
}
template <class T>
Variable<T> roll(Variable<T> x, std::ptrdiff_t shift) {
  return detail::roll_all<T>(x, shift);
}
template <class T, std::integral I, std::integral A>
Variable<T> roll(Variable<T> x, I shift, A axis) {
  return detail::roll<T>(x, {static_cast<std::ptrdiff_t>(shift)}, {static_cast<int>(axis)});
}
template <class T>
Variable<T> roll(Variable<T> x, std::ptrdiff_t shift, std::ptrdiff_t axis) {
  return detail::roll<T>(x, {shift}, {static_cast<int>(axis)});
}
template <class T>
Variable<T> roll(Variable<T> x, const std::vector<std::ptrdiff_t>& shifts, const std::vector<int>& axes) {
  return detail::roll<T>(x, shifts, axes);
}

template <class T, std::integral I>
Variable<T> tile(Variable<T> x, I count) {
  return detail::tile<T>(x, {static_cast<std::ptrdiff_t>(count)});
}
template <class T, class I>
Variable<T> tile(Variable<T> x, std::initializer_list<I> counts) {
  return detail::tile<T>(x, {counts.begin(), counts.end()});
}
template <class T, IntegerRange R>
Variable<T> tile(Variable<T> x, const R& counts) {
  return detail::tile<T>(x, {std::begin(counts), std::end(counts)});
}

template <class T, std::integral I>
Variable<T> repeat(Variable<T> x, I count) {
  return detail::repeat_all<T>(x, static_cast<std::ptrdiff_t>(count));
}
template <class T, std::integral I, std::integral A>
Variable<T> repeat(Variable<T> x, I count, A axis) {
  return detail::repeat<T>(x, static_cast<std::ptrdiff_t>(count), static_cast<int>(axis));
}
template <class T>
Variable<T> repeat(Variable<T> x, std::size_t count, std::size_t axis) {
  return detail::repeat<T>(x, static_cast<std::ptrdiff_t>(count), static_cast<int>(axis));
}
template <class T, std::integral A>
Variable<T> repeat(Variable<T> x, std::vector<std::size_t> counts, A axis) {
  return detail::repeat_each<T>(x, counts, static_cast<int>(axis));
}
template <class T>
Variable<T> repeat(Variable<T> x, std::vector<std::size_t> counts, std::size_t axis) {
  return detail::repeat_each<T>(x, counts, static_cast<int>(axis));
}

template <VariableType First, VariableType... Rest>
auto meshgrid(First&& first, Rest&&... rest) {
  using T = detail::common_scalar_t<First, Rest...>;
  std::array<Variable<T>, 1 + sizeof...(Rest)> result;
  const auto all = meshgrid(std::vector<Variable<T>>{first, detail::lift<T>(rest)...});
  std::copy(all.begin(), all.end(), result.begin());
  return result;
}
template <class T>
std::vector<Variable<T>> meshgrid(std::initializer_list<Variable<T>> vectors, Indexing indexing) {
  return meshgrid(std::vector<Variable<T>>(vectors), indexing);
}

}  // namespace xgrad
