#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/reduction.hpp>

/// \file
/// Groups of rows, for kernels that compute a number for each row (its maximum, its sum) and then use it for
/// all entries of the row while these are still in cache.

namespace xgrad::kernels {

/// An array viewed as {outer, extent, inner} around one axis.
struct AxisLoop {
  std::size_t outer = 1;
  std::size_t extent = 1;
  std::size_t inner = 1;
  Shape kept;  // the shape with extent 1 for the axis: one element per outer and inner index

  AxisLoop(const Shape& shape, std::size_t axis) : AxisLoop(shape, axis, axis + 1) {}
  /// Around the axes [first, last), merged into one.
  AxisLoop(const Shape& shape, std::size_t first, std::size_t last) : kept(shape) {
    for (std::size_t i = 0; i < shape.size(); ++i) {
      (i < first ? outer : i < last ? extent : inner) *= shape[i];
      if (i >= first && i < last) kept[i] = 1;
    }
  }

  /// Whether the axis is contiguous and there are enough rows for all threads.
  bool has_rows() const { return inner == 1 && outer >= thread_count(outer * extent, elementwise_grain); }
};

/// Several short rows, or one long row, and workspace for them.
template <class T>
class RowGroup {
 public:
  static constexpr std::size_t capacity = joined_entries<T>;

  /// The number of rows of this length in a group.
  static std::size_t rows(std::size_t length) { return length <= short_row ? joined_rows<T>(length) : 1; }

  /// Selects the rows [first, first + count).
  void select(std::size_t first, std::size_t count, std::size_t length) {
    first_ = first;
    count_ = count;
    length_ = length;
  }
  std::size_t first() const { return first_; }
  std::size_t count() const { return count_; }
  std::size_t length() const { return length_; }
  bool is_long() const { return length_ > short_row; }
  /// The offset of the group's first entry in an array of rows.
  std::size_t offset() const { return first_ * length_; }

  /// values[r] = the reduction of row r; `in` is the group's first entry.
  template <class Op>
  void reduce(const T* in, T* values, Op op) const {
    std::fill_n(values, count_, op.initial);
    detail::reduce_rows(Entries<T>{in}, count_, length_, values, op);
  }

  /// out = f(entries..., values...). `entries` point to the group's first entry in arrays of rows, `values`
  /// to one number per row; there are at most two `values`.
  template <std::size_t N, std::size_t M, class F>
  void map(T* out, const std::array<const T*, N>& entries, const std::array<const T*, M>& values, F f) {
    using detail::Step;
    using detail::Stream;
    [&]<std::size_t... n, std::size_t... m>(std::index_sequence<n...>, std::index_sequence<m...>) {
      if (is_long()) {
        detail::map_row(out, length_, f, Stream<Step::advance, T>{entries[n]}...,
                        Stream<Step::repeat, T>{values[m]}...);
      } else {
        detail::map_row(out, count_ * length_, f, Stream<Step::advance, T>{entries[n]}...,
                        Stream<Step::advance, T>{joined_[m].get(values[m], count_, length_, 0, 1)}...);
      }
    }(std::make_index_sequence<N>(), std::make_index_sequence<M>());
  }

  T* scratch() { return scratch_; }  ///< workspace for the entries of a group of short rows

 private:
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  std::size_t length_ = 0;
  std::array<JoinedRows<T>, 2> joined_;
  alignas(64) T scratch_[capacity];
};

/// Calls `body(group)` for groups that cover `rows` rows of `length` entries, in parallel if there are many.
template <class T, class Body>
void for_row_groups(std::size_t rows, std::size_t length, Body&& body) {
  if (rows * length == 0) return;
  const std::size_t together = RowGroup<T>::rows(length);
  parallel_for(rows, elementwise_grain / length + 1, [&](std::size_t begin, std::size_t end) {
    RowGroup<T> group;
    for (std::size_t row = begin; row < end; row += together) {
      group.select(row, std::min(together, end - row), length);
      body(group);
    }
  });
}

}  // namespace xgrad::kernels
