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
/// The entries in another order along their axes, and repeated.

namespace xgrad {

/// The entries in the reverse order along the axes given, by default along all: flip(x), flip(x, 0),
/// flip(x, {0, -1}). Throws ShapeError.
template <class T>
Variable<T> flip(Variable<T> x);
template <class T, detail::AxesArgument A>
Variable<T> flip(Variable<T> x, A&& axes);
template <class T, class I, std::size_t N>
Variable<T> flip(Variable<T> x, const I (&axes)[N]);

/// The entries moved by `shift` places towards the end of an axis; those that leave come in again at its
/// start. Without an axis the entries are taken in row-major order. With lists, roll(x, {1, -2}, {0, 1}),
/// each shift goes with its axis, of which one may be named several times. Throws ShapeError.
template <class T, std::integral I>
Variable<T> roll(Variable<T> x, I shift);
template <class T, std::integral I, std::integral A>
Variable<T> roll(Variable<T> x, I shift, A axis);
template <class T>
Variable<T> roll(Variable<T> x, const std::vector<std::ptrdiff_t>& shifts, const std::vector<int>& axes);

/// x side by side with itself, so many times along each axis: tile(x, {2, 3}). The shorter of x's shape and
/// the list is filled up with leading ones; a number counts for the last axis. Throws ValueError for a
/// negative number.
template <class T, std::integral I>
Variable<T> tile(Variable<T> x, I count);
template <class T, class I>
Variable<T> tile(Variable<T> x, std::initializer_list<I> counts);
template <class T, IntegerRange R>
Variable<T> tile(Variable<T> x, const R& counts);

/// Each index of an axis so many times, one after another: `count` times each, or as a list says for each
/// index. Without an axis, each entry, in row-major order. Throws ShapeError for a list of another length
/// than the axis, ValueError for a negative number.
template <class T, std::integral I>
Variable<T> repeat(Variable<T> x, I count);
template <class T, std::integral I, std::integral A>
Variable<T> repeat(Variable<T> x, I count, A axis);
template <class T, std::integral A>
Variable<T> repeat(Variable<T> x, std::vector<std::size_t> counts, A axis);

/// How `meshgrid` orders its axes.
enum class Indexing {
  xy,  ///< as points of a plane: the first vector runs along the columns, the second along the rows
  ij   ///< as indices of a matrix: each vector runs along its own axis
};

/// The coordinates of all points of a grid, one array for each vector: `auto [x, y] = meshgrid(a, b)`. Arrays
/// count as vectors of their entries. meshgrid({a, b}, Indexing::ij) gives a std::vector.
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

// By value, and once with xtensor's own argument types: more specialised than xtensor's functions.

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
