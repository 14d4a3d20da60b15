#include <autodiff/instantiate.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/detail/places.hpp>
#include <autodiff/ops/gather.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace xgrad {
namespace {

using Positions = Array<std::int64_t>;

/// Converts negative positions to positions from the front. Calls `fail(position)`, which throws ShapeError,
/// for one out of range.
template <class Fail>
void count_from_front(Positions& positions, std::size_t extent, const Fail& fail) {
  const auto count = static_cast<std::int64_t>(extent);
  for (std::int64_t& position : positions.storage()) {
    if (position < -count || position >= count) fail(position);
    if (position < 0) position += count;
  }
}

void count_from_front(const char* operation, Positions& positions, std::size_t axis, const Shape& shape) {
  count_from_front(positions, shape[axis],
                   [&](std::int64_t position) { detail::throw_index(operation, position, axis, shape); });
}

void check_dimensions(const char* operation, const Shape& x, const Shape& positions) {
  if (x.size() == positions.size()) return;
  throw ShapeError(
      fmt::format("{}: positions of shape {} for an array of shape {}; expected equally many axes", operation,
                  to_string(positions), to_string(x)));
}

/// The entries of an array of shape `x` for a result of shape `shape`: at the given position along the axis,
/// and at the index of the result along the other axes. Both x and the positions broadcast.
kernels::Pick pick_along(const Shape& shape, const Shape& x, const Positions& positions, std::size_t axis) {
  const std::size_t size = element_count(shape);
  kernels::Pick result{shape, {}};
  if (size == 0) return result;
  auto strides = kernels::contiguous_strides(x);
  auto own_strides = kernels::contiguous_strides(positions.shape());
  const std::ptrdiff_t axis_stride = strides[axis];
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (x[i] == 1 || i == axis) strides[i] = 0;
    if (positions.shape()[i] == 1) own_strides[i] = 0;
  }
  Positions entries(Shape{size});
  const std::size_t row = shape.back();
  const std::ptrdiff_t stride = strides.back();
  const std::ptrdiff_t own_stride = own_strides.back();
  kernels::parallel_for(size / row, kernels::elementwise_grain / row + 1,
                        [&](std::size_t begin, std::size_t end) {
                          for (std::size_t r = begin; r < end; ++r) {
                            std::ptrdiff_t offset = 0;
                            std::ptrdiff_t own = 0;
                            std::size_t rest = r;
                            for (std::size_t i = shape.size() - 1; i-- > 0; rest /= shape[i]) {
                              const auto index = static_cast<std::ptrdiff_t>(rest % shape[i]);
                              offset += index * strides[i];
                              own += index * own_strides[i];
                            }
                            std::int64_t* out = entries.data() + r * row;
                            const std::int64_t* position = positions.data() + own;
                            for (std::size_t j = 0; j < row; ++j) {
                              const auto k = static_cast<std::ptrdiff_t>(j);
                              out[j] = offset + k * stride + position[k * own_stride] * axis_stride;
                            }
                          }
                        });
  result.axes.push_back({element_count(x), size, detail::share(std::move(entries))});
  return result;
}

/// The places that `gather` reads and `scatter_add` writes.
kernels::Pick gathered(const char* operation, const Shape& x, Positions positions, int axis) {
  check_dimensions(operation, x, positions.shape());
  const std::size_t along = detail::normalize_axis(operation, axis, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i == along || positions.shape()[i] <= x[i]) continue;
    throw ShapeError(fmt::format("{}: positions of shape {} exceed an array of shape {} on axis {}",
                                 operation, to_string(positions.shape()), to_string(x), i));
  }
  count_from_front(operation, positions, along, x);
  return pick_along(positions.shape(), x, positions, along);
}

}  // namespace

namespace detail {

template <class T>
Variable<T> take(const Variable<T>& x, Array<std::int64_t> positions, std::optional<int> axis) {
  const Shape& shape = x.shape();
  kernels::Pick pick;
  if (axis) {
    const std::size_t along = normalize_axis("take", *axis, shape);
    count_from_front("take", positions, along, shape);
    pick.shape.assign(shape.begin(), shape.begin() + static_cast<std::ptrdiff_t>(along));
    std::copy(positions.shape().begin(), positions.shape().end(), std::back_inserter(pick.shape));
    for (std::size_t i = 0; i < shape.size(); ++i) {
      pick.axes.push_back({shape[i], i == along ? positions.size() : shape[i]});
      if (i > along) pick.shape.push_back(shape[i]);
    }
    pick.axes[along].indices = share(std::move(positions));
  } else {
    count_from_front(positions, x.size(), [&](std::int64_t position) {
      throw ShapeError(
          fmt::format("take: position {} is out of range for the {} entries of an array of shape {}",
                      position, x.size(), to_string(shape)));
    });
    pick.shape = positions.shape();
    pick.axes.push_back({x.size(), positions.size()});
    pick.axes.back().indices = share(std::move(positions));
  }
  return entries_at("take", x, pick);
}

template <class T>
Variable<T> take_along_axis(const Variable<T>& x, const Array<std::int64_t>& positions, int axis) {
  const char* name = "take_along_axis";
  check_dimensions(name, x.shape(), positions.shape());
  const std::size_t along = normalize_axis(name, axis, x.shape());
  Positions from_front = positions;
  count_from_front(name, from_front, along, x.shape());
  Shape rest = x.shape();
  rest[along] = 1;
  Shape own = positions.shape();
  own[along] = 1;
  Shape shape = broadcast_shape(name, rest, own);
  shape[along] = positions.shape()[along];
  return entries_at(name, x, pick_along(shape, x.shape(), from_front, along));
}

template <class T>
Variable<T> gather(const Variable<T>& x, const Array<std::int64_t>& positions, int axis) {
  return entries_at("gather", x, gathered("gather", x.shape(), positions, axis));
}

template <class T>
Variable<T> scatter_add(const Variable<T>& x, const Array<std::int64_t>& positions, const Variable<T>& value,
                        int axis) {
  const kernels::Pick places = gathered("scatter_add", x.shape(), positions, axis);
  return add_entries("scatter_add", x, places, fit_value("scatter_add", value, positions.shape()));
}

}  // namespace detail

#define XGRAD_INSTANTIATE(T)                                                                            \
  template Variable<T> detail::take<T>(const Variable<T>&, Array<std::int64_t>, std::optional<int>);    \
  template Variable<T> detail::take_along_axis<T>(const Variable<T>&, const Array<std::int64_t>&, int); \
  template Variable<T> detail::gather<T>(const Variable<T>&, const Array<std::int64_t>&, int);          \
  template Variable<T> detail::scatter_add<T>(const Variable<T>&, const Array<std::int64_t>&,           \
                                              const Variable<T>&, int);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
