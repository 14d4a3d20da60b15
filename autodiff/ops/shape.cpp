#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/strided.hpp>
#include <autodiff/ops/axis.hpp>
#include <autodiff/ops/indexing.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <numeric>

namespace xgrad {

std::size_t detail::normalize_axis(const char* operation, int axis, const Shape& shape) {
  const auto dimension = static_cast<int>(shape.size());
  if (axis < -dimension || axis >= dimension) {
    throw ShapeError(dimension == 0
                         ? fmt::format("{}: axis {} of a single number; it has no axes", operation, axis)
                         : fmt::format("{}: axis {} of an array of shape {}; expected one of {} ... {}",
                                       operation, axis, to_string(shape), -dimension, dimension - 1));
  }
  return static_cast<std::size_t>(axis < 0 ? axis + dimension : axis);
}

namespace {

/// The extents asked for, with -1 worked out.
Shape resolve_shape(const Shape& from, const std::vector<std::ptrdiff_t>& to) {
  const std::size_t size = element_count(from);
  const auto fail = [&](const char* why) {
    return ShapeError(fmt::format("reshape: an array of shape {} ({} entries) cannot have shape {{{}}}: {}",
                                  to_string(from), size, fmt::join(to, ", "), why));
  };
  Shape shape;
  std::size_t known = 1;
  std::size_t open = to.size();
  for (std::size_t i = 0; i < to.size(); ++i) {
    if (to[i] < -1) throw fail("an extent is negative");
    if (to[i] == -1 && open != to.size()) throw fail("only one extent may be -1");
    if (to[i] == -1) open = i;
    shape.push_back(to[i] == -1 ? 1 : static_cast<std::size_t>(to[i]));
    known *= shape.back();
  }
  if (open != to.size()) {
    if (known == 0 || size % known != 0) throw fail("the other extents do not divide its size");
    shape[open] = size / known;
  }
  if (element_count(shape) != size) throw fail("the numbers of entries differ");
  return shape;
}

template <class T>
Variable<T> with_shape(const Variable<T>& x, const Shape& shape) {
  Array<T> value = x.value();
  value.reshape(shape);
  return operation("reshape", std::move(value),
                   {x, [s = x.shape()](const Variable<T>& g) { return with_shape(g, s); }});
}

}  // namespace

template <class T>
Variable<T> reshape(const Variable<T>& x, const std::vector<std::ptrdiff_t>& shape) {
  return with_shape(x, resolve_shape(x.shape(), shape));
}

std::vector<int> detail::reversed_axes(std::size_t dimension) {
  std::vector<int> order(dimension);
  std::iota(order.rbegin(), order.rend(), 0);
  return order;
}

template <class T>
Variable<T> detail::flatten_from(const Variable<T>& x, std::size_t first_axis) {
  if (first_axis > x.dimension()) {
    throw ShapeError(fmt::format("flatten: an array of shape {} has no axis {} to start from",
                                 to_string(x.shape()), first_axis));
  }
  Shape shape(x.shape().begin(), x.shape().begin() + static_cast<std::ptrdiff_t>(first_axis));
  std::size_t joined = 1;
  for (std::size_t i = first_axis; i < x.dimension(); ++i) joined *= x.shape()[i];
  shape.push_back(joined);
  return with_shape(x, shape);
}

template <class T>
Variable<T> detail::permute(const Variable<T>& x, const std::vector<int>& order) {
  const auto fail = [&] {
    return ShapeError(
        fmt::format("transpose: the order {{{}}} is no permutation of the axes of an array of shape {}",
                    fmt::join(order, ", "), to_string(x.shape())));
  };
  if (order.size() != x.dimension()) throw fail();
  const Shape& shape = x.shape();
  std::vector<std::ptrdiff_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;)
    strides[i - 1] = strides[i] * static_cast<std::ptrdiff_t>(shape[i]);

  kernels::Strided part;
  std::vector<int> inverse(order.size(), -1);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t axis = normalize_axis("transpose", order[i], shape);
    if (inverse[axis] != -1) throw fail();
    inverse[axis] = static_cast<int>(i);
    part.shape.push_back(shape[axis]);
    part.strides.push_back(strides[axis]);
  }
  return operation("transpose", kernels::gather(x.value(), part),
                   {x, [inverse](const Variable<T>& g) { return permute<T>(g, inverse); }});
}

template <class T>
Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape) {
  if (broadcast_shape("broadcast_to", x.shape(), shape) != shape) {
    throw ShapeError(fmt::format("broadcast_to: an array of shape {} does not broadcast to {}",
                                 to_string(x.shape()), to_string(shape)));
  }
  Array<T> value = kernels::map_all(
      shape, [](auto p) { return p; }, x.value());
  return operation("broadcast_to", std::move(value),
                   {x, [s = x.shape()](const Variable<T>& g) { return detail::sum_to(g, s); }});
}

template <class T>
Variable<T> concatenate(const std::vector<Variable<T>>& arrays, int axis) {
  if (arrays.empty()) throw ShapeError("concatenate: no arrays were given");
  Shape shape = arrays.front().shape();
  const std::size_t along = detail::normalize_axis("concatenate", axis, shape);
  shape[along] = 0;
  for (const Variable<T>& array : arrays) {
    Shape rest = array.shape();
    if (rest.size() == shape.size()) rest[along] = shape[along];
    if (rest != shape) {
      throw ShapeError(fmt::format("concatenate: shapes {} and {} differ in more than axis {}",
                                   to_string(arrays.front().shape()), to_string(array.shape()), along));
    }
    shape[along] += array.shape()[along];
  }
  std::size_t outer = 1;
  for (std::size_t i = 0; i < along; ++i) outer *= shape[i];
  const std::size_t row = outer == 0 ? 0 : element_count(shape) / outer;

  Array<T> value(shape);
  std::vector<detail::AxisRange> ranges;
  std::size_t entry = 0;
  std::size_t start = 0;
  for (const Variable<T>& array : arrays) {
    const std::size_t part = outer == 0 ? 0 : array.size() / outer;
    for (std::size_t i = 0; i < outer; ++i) {
      std::copy_n(array.value().data() + i * part, part, value.data() + i * row + entry);
    }
    entry += part;
    ranges.push_back({along, start, array.shape()[along]});
    start += array.shape()[along];
  }
  return operation("concatenate", std::move(value), arrays, [ranges](const Variable<T>& g) {
    std::vector<Variable<T>> parts;
    for (const detail::AxisRange& range : ranges) parts.push_back(detail::axis_range(g, range));
    return parts;
  });
}

#define XGRAD_INSTANTIATE(T)                                                               \
  template Variable<T> reshape<T>(const Variable<T>&, const std::vector<std::ptrdiff_t>&); \
  template Variable<T> detail::flatten_from<T>(const Variable<T>&, std::size_t);           \
  template Variable<T> detail::permute<T>(const Variable<T>&, const std::vector<int>&);    \
  template Variable<T> broadcast_to<T>(const Variable<T>&, const Shape&);                  \
  template Variable<T> concatenate<T>(const std::vector<Variable<T>>&, int);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
