#include <autodiff/instantiate.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/detail/places.hpp>
#include <autodiff/ops/rearrangement.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace xgrad {
namespace {

/// The indices 0 ... n - 1, rolled by `shift` positions.
kernels::Indices rolled(std::size_t n, std::ptrdiff_t shift) {
  const auto extent = static_cast<std::ptrdiff_t>(n);
  if (extent == 0) return detail::make_indices(0, [](std::size_t i) { return i; });
  const auto start = static_cast<std::size_t>((extent - shift % extent) % extent);
  return detail::make_indices(n, [=](std::size_t i) { return i < n - start ? start + i : start + i - n; });
}

/// The indices index(0) ... index(count - 1). Throws ShapeError if they exceed the memory, as an axis may if
/// another one is empty.
template <class F>
kernels::Indices numbered(const char* operation, std::size_t count, const F& index) {
  detail::check_size(operation, {count}, sizeof(std::int64_t));
  return detail::make_indices(count, index);
}

void check_count(const char* operation, std::ptrdiff_t count) {
  if (count < 0) throw ValueError(fmt::format("{}: count {}; expected 0 or more", operation, count));
}

/// x with the indices of one axis replaced by index(0) ... index(extent - 1).
template <class T, class F>
Variable<T> with_axis(const char* name, const Variable<T>& x, std::size_t axis, std::size_t extent,
                      const F& index) {
  kernels::Pick pick{x.shape(), {}};
  pick.shape[axis] = extent;
  detail::check_size(name, pick.shape, sizeof(T));
  for (const std::size_t n : x.shape()) pick.axes.push_back({n, n});
  pick.axes[axis].extent = extent;
  pick.axes[axis].indices = numbered(name, extent, index);
  return detail::entries_at(name, x, pick);
}

}  // namespace

namespace detail {

template <class T>
Variable<T> flip(const Variable<T>& x, const Axes& axes) {
  const std::vector<bool> flipped = axes.reduced("flip", x.shape());
  kernels::Strided part{x.shape(), kernels::contiguous_strides(x.shape())};
  for (std::size_t i = 0; i < flipped.size(); ++i) {
    if (!flipped[i] || x.size() == 0) continue;
    part.offset += static_cast<std::ptrdiff_t>(x.shape()[i] - 1) * part.strides[i];
    part.strides[i] = -part.strides[i];
  }
  return entries_at("flip", x, part);
}

template <class T>
Variable<T> roll_all(const Variable<T>& x, std::ptrdiff_t shift) {
  kernels::Pick pick{x.shape(), {}};
  pick.axes.push_back({x.size(), x.size(), rolled(x.size(), shift)});
  return entries_at("roll", x, pick);
}

template <class T>
Variable<T> roll(const Variable<T>& x, const std::vector<std::ptrdiff_t>& shifts,
                 const std::vector<int>& axes) {
  if (shifts.size() != axes.size()) {
    throw ShapeError(
        fmt::format("roll: {} shifts for {} axes; expected equally many", shifts.size(), axes.size()));
  }
  std::vector<std::ptrdiff_t> total(x.dimension(), 0);
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const std::size_t axis = normalize_axis("roll", axes[i], x.shape());
    if (x.shape()[axis] > 0) total[axis] += shifts[i] % static_cast<std::ptrdiff_t>(x.shape()[axis]);
  }
  kernels::Pick pick{x.shape(), {}};
  for (std::size_t i = 0; i < x.dimension(); ++i) {
    const std::size_t extent = x.shape()[i];
    pick.axes.push_back({extent, extent});
    if (total[i] != 0) pick.axes.back().indices = rolled(extent, total[i]);
  }
  return entries_at("roll", x, pick);
}

template <class T>
Variable<T> tile(const Variable<T>& x, const std::vector<std::ptrdiff_t>& counts) {
  for (const std::ptrdiff_t count : counts) check_count("tile", count);
  const std::size_t dimension = std::max(x.dimension(), counts.size());
  const std::size_t added = dimension - x.dimension();
  const std::size_t uncounted = dimension - counts.size();
  const auto extent_of = [&](std::size_t i) { return i < added ? 1 : x.shape()[i - added]; };
  const auto count_of = [&](std::size_t i) {
    return i < uncounted ? 1 : static_cast<std::size_t>(counts[i - uncounted]);
  };
  kernels::Pick pick;
  for (std::size_t i = 0; i < dimension; ++i) {
    pick.shape.push_back(multiply_extents(extent_of(i), count_of(i)));
  }
  check_size("tile", pick.shape, sizeof(T));
  for (std::size_t i = 0; i < dimension; ++i) {
    const std::size_t extent = extent_of(i);
    pick.axes.push_back({extent, pick.shape[i]});
    if (count_of(i) == 1) continue;
    pick.axes.back().indices = numbered("tile", pick.shape[i], [=](std::size_t k) { return k % extent; });
  }
  return entries_at("tile", x, pick);
}

template <class T>
Variable<T> repeat(const Variable<T>& x, std::ptrdiff_t count, int axis) {
  const std::size_t along = normalize_axis("repeat", axis, x.shape());
  check_count("repeat", count);
  const auto times = static_cast<std::size_t>(count);
  const std::size_t extent = multiply_extents(x.shape()[along], times);
  return with_axis("repeat", x, along, extent, [=](std::size_t i) { return i / times; });
}

template <class T>
Variable<T> repeat_all(const Variable<T>& x, std::ptrdiff_t count) {
  check_count("repeat", count);
  const auto times = static_cast<std::size_t>(count);
  const std::size_t extent = multiply_extents(x.size(), times);
  return with_axis("repeat", reshape(x, {-1}), 0, extent, [=](std::size_t i) { return i / times; });
}

template <class T>
Variable<T> repeat_each(const Variable<T>& x, const std::vector<std::size_t>& counts, int axis) {
  const std::size_t along = normalize_axis("repeat", axis, x.shape());
  const std::size_t n = x.shape()[along];
  if (counts.size() != n) {
    throw ShapeError(fmt::format("repeat: {} counts for axis {} of an array of shape {}; expected {}",
                                 counts.size(), along, to_string(x.shape()), n));
  }
  for (const std::size_t count : counts) check_count("repeat", static_cast<std::ptrdiff_t>(count));
  const std::size_t extent = std::accumulate(counts.begin(), counts.end(), std::size_t{0}, add_extents);
  std::size_t index = 0;
  std::size_t left = n == 0 ? 0 : counts[0];
  return with_axis("repeat", x, along, extent, [&](std::size_t) {
    while (left == 0) left = counts[++index];
    --left;
    return index;
  });
}

}  // namespace detail

template <class T>
std::vector<Variable<T>> meshgrid(const std::vector<Variable<T>>& vectors, Indexing indexing) {
  const bool swapped = indexing == Indexing::xy && vectors.size() > 1;
  Shape shape;
  for (const Variable<T>& vector : vectors) shape.push_back(vector.size());
  if (swapped) std::swap(shape[0], shape[1]);
  std::vector<Variable<T>> result;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    std::vector<std::ptrdiff_t> own(vectors.size(), 1);
    own[swapped && i < 2 ? 1 - i : i] = static_cast<std::ptrdiff_t>(vectors[i].size());
    result.push_back(broadcast_to(reshape(vectors[i], own), shape));
  }
  return result;
}

#define XGRAD_INSTANTIATE(T)                                                                             \
  template Variable<T> detail::flip<T>(const Variable<T>&, const Axes&);                                 \
  template Variable<T> detail::roll_all<T>(const Variable<T>&, std::ptrdiff_t);                          \
  template Variable<T> detail::roll<T>(const Variable<T>&, const std::vector<std::ptrdiff_t>&,           \
                                       const std::vector<int>&);                                         \
  template Variable<T> detail::tile<T>(const Variable<T>&, const std::vector<std::ptrdiff_t>&);          \
  template Variable<T> detail::repeat_all<T>(const Variable<T>&, std::ptrdiff_t);                        \
  template Variable<T> detail::repeat<T>(const Variable<T>&, std::ptrdiff_t, int);                       \
  template Variable<T> detail::repeat_each<T>(const Variable<T>&, const std::vector<std::size_t>&, int); \
  template std::vector<Variable<T>> meshgrid<T>(const std::vector<Variable<T>>&, Indexing);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
