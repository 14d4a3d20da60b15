#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/broadcast.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

/// \file
/// Copies between an array and the entries of another that lists of indices select, axis by axis.

namespace xgrad::kernels {

/// Indices of an axis, shared by an operation and its pullbacks.
using Indices = std::shared_ptr<const Array<std::int64_t>>;

/// One axis of a Pick: index i of the picked array's axis, of extent `extent`, refers to index (*indices)[i]
/// of the other array's axis, of extent `from`, or to nothing if that is negative. Without indices both are
/// the same.
struct PickAxis {
  std::size_t from;
  std::size_t extent;
  Indices indices = nullptr;
};

/// Entry (i0, i1, ...) of an array is entry (a0[i0], a1[i1], ...) of another, with one list of indices per
/// axis. An axis here may be several axes of the arrays merged, or part of one.
struct Pick {
  Shape shape;  ///< of the picked array
  std::vector<PickAxis, PoolAllocator<PickAxis>> axes;
};

namespace detail {

/// An axis of the iteration, or several adjacent axes whose indices are the same on both sides.
struct PickLevel {
  const std::int64_t* indices;
  std::size_t from;
  std::size_t extent;
  std::size_t from_stride = 1;
  std::size_t stride = 1;
  std::size_t begin = 0;  // the part to be visited
  std::size_t end = 0;

  std::int64_t index(std::size_t i) const {
    return indices == nullptr ? static_cast<std::int64_t>(i) : indices[i];
  }
};

using PickLevels = xt::svector<PickLevel, 4>;

/// The array whose axis is divided among the threads. If it is the other array, no two threads write to the
/// same entry of it.
enum class Side : bool { picked, other };

/// The levels, outermost first. The last level has indices; the axes after it make up its stride.
inline PickLevels pick_levels(const Pick& pick) {
  PickLevels levels;
  for (const PickAxis& axis : pick.axes) {
    if (!levels.empty() && levels.back().indices == nullptr && axis.indices == nullptr) {
      levels.back().from *= axis.from;
      levels.back().extent *= axis.extent;
    } else {
      levels.push_back({axis.indices == nullptr ? nullptr : axis.indices->data(), axis.from, axis.extent});
    }
  }
  std::size_t from_stride = 1;
  std::size_t stride = 1;
  if (!levels.empty() && levels.back().indices == nullptr) {
    from_stride = stride = levels.back().extent;
    levels.pop_back();
  }
  if (levels.empty()) levels.push_back({nullptr, 1, 1});
  for (std::size_t k = levels.size(); k-- > 0;) {
    levels[k].from_stride = from_stride;
    levels[k].stride = stride;
    from_stride *= levels[k].from;
    stride *= levels[k].extent;
  }
  return levels;
}

/// Calls `run(offset, other_offset, count)` for runs of entries that are contiguous on both sides, and
/// `hole(offset, count)` for entries of the picked array that refer to nothing.
template <Side side, class Run, class Hole>
void walk_pick(const PickLevels& levels, std::size_t depth, std::size_t offset, std::size_t other,
               const Run& run, const Hole& hole) {
  const PickLevel& level = levels[depth];
  const bool is_restricted = side == Side::picked || level.indices == nullptr;
  const auto lowest = static_cast<std::int64_t>(side == Side::other ? level.begin : 0);
  const auto limit = static_cast<std::int64_t>(side == Side::other ? level.end : level.from);
  const std::size_t end = is_restricted ? level.end : level.extent;
  for (std::size_t i = is_restricted ? level.begin : 0; i < end;) {
    const std::int64_t index = level.index(i);
    if (index < 0) {
      hole(offset + i * level.stride, level.stride);
      ++i;
      continue;
    }
    if (index < lowest || index >= limit) {
      ++i;
      continue;
    }
    const std::size_t to = offset + i * level.stride;
    const std::size_t at = other + static_cast<std::size_t>(index) * level.from_stride;
    if (depth + 1 < levels.size()) {
      walk_pick<side>(levels, depth + 1, to, at, run, hole);
      ++i;
      continue;
    }
    std::int64_t next = index + 1;
    for (++i; i < end && next < limit && level.index(i) == next; ++i) ++next;
    run(to, at, static_cast<std::size_t>(next - index) * level.stride);
  }
}

/// Calls walk_pick for all entries, in parallel if there are many.
template <Side side, class Run, class Hole>
void for_pick(const Pick& pick, const Run& run, const Hole& hole) {
  const std::size_t size = element_count(pick.shape);
  if (size == 0) return;
  PickLevels levels = pick_levels(pick);
  std::size_t widest = 0;
  std::size_t extent = 0;
  for (std::size_t k = 0; k < levels.size(); ++k) {
    levels[k].end = side == Side::picked ? levels[k].extent : levels[k].from;
    if (levels[k].end <= extent) continue;
    extent = levels[k].end;
    widest = k;
  }
  const std::size_t threads = std::min(extent, thread_count(size, elementwise_grain));
  std::vector<PickLevels, PoolAllocator<PickLevels>> parts(threads, levels);
  parallel_parts(extent, threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
    PickLevels& part = parts[thread];
    part[widest].begin = begin;
    part[widest].end = end;
    walk_pick<side>(part, 0, 0, 0, run, hole);
  });
}

inline constexpr auto no_hole = [](std::size_t, std::size_t) {};

/// Copies a run; a few entries are not worth a function call.
template <class T>
void copy_run(const T* in, std::size_t count, T* out) {
  if (count < 16) {
    for (std::size_t i = 0; i < count; ++i) out[i] = in[i];
  } else {
    std::copy_n(in, count, out);
  }
}

}  // namespace detail

/// The entries of an array that `pick` selects, and `fill` where it refers to nothing.
template <class T>
Array<T> gather(const Array<T>& from, const Pick& pick, T fill = 0) {
  Array<T> result(pick.shape);
  T* out = result.data();
  const T* in = from.data();
  detail::for_pick<detail::Side::picked>(
      pick,
      [=](std::size_t to, std::size_t at, std::size_t count) { detail::copy_run(in + at, count, out + to); },
      [=](std::size_t to, std::size_t count) { std::fill_n(out + to, count, fill); });
  return result;
}

/// Adds the entries of `from` to those that `pick` selects; an entry selected several times accumulates, in
/// order.
template <class T>
void add_at(Array<T>& to, const Pick& pick, const Array<T>& from) {
  T* out = to.data();
  const T* in = from.data();
  const auto add = [=](std::size_t offset, std::size_t at, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[at + i] += in[offset + i];
  };
  detail::for_pick<detail::Side::other>(pick, add, detail::no_hole);
}

/// Writes the entries of `from` to those that `pick` selects; the last write to an entry wins.
template <class T>
void set_at(Array<T>& to, const Pick& pick, const Array<T>& from) {
  T* out = to.data();
  const T* in = from.data();
  const auto set = [=](std::size_t offset, std::size_t at, std::size_t count) {
    detail::copy_run(in + offset, count, out + at);
  };
  detail::for_pick<detail::Side::other>(pick, set, detail::no_hole);
}

/// Sets the entries that `pick` selects to zero.
template <class T>
void clear_at(Array<T>& to, const Pick& pick) {
  T* out = to.data();
  const auto clear = [=](std::size_t, std::size_t at, std::size_t count) {
    std::fill_n(out + at, count, T(0));
  };
  detail::for_pick<detail::Side::other>(pick, clear, detail::no_hole);
}

/// An array of `shape`, zero except for the entries that `pick` selects; an entry selected several times
/// accumulates.
template <class T>
Array<T> scatter(const Array<T>& from, const Pick& pick, const Shape& shape) {
  Array<T> result = full<T>(shape, T(0));
  add_at(result, pick, from);
  return result;
}

}  // namespace xgrad::kernels
