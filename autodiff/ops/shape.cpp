#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/strided.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
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

/// The requested extents, with -1 inferred.
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
    known = detail::multiply_extents(known, shape.back());
  }
  if (open != to.size()) {
    if (known == 0 || size % known != 0) throw fail("the other extents do not divide its size");
    shape[open] = size / known;
    return shape;
  }
  if (known != size) throw fail("the numbers of entries differ");
  return shape;
}

template <class T>
Variable<T> with_shape(const char* name, const Variable<T>& x, const Shape& shape);

/// The same, in place if no other handle shares the memory of x.
template <class T>
Variable<T> with_shape(const char* name, Variable<T>&& x, const Shape& shape) {
  if (detail::is_recording() || !x.node().is_unique()) return with_shape(name, std::as_const(x), shape);
  const bool constant = x.node()->constant;
  Variable<T> result = detail::renewed(std::move(x));
  detail::entries(result).reshape(shape);
  detail::mark_computed(*result.node(), constant);
  return result;
}

template <class T>
Variable<T> with_shape(const char* name, const Variable<T>& x, const Shape& shape) {
  Array<T> value = x.value();
  value.reshape(shape);
  return operation(name, std::move(value),
                   {x, [s = x.shape()](Variable<T>&& g) { return with_shape("reshape", std::move(g), s); }});
}

/// For each axis of an array of `dimension` axes, whether it is in the list; negative axes count from the
/// last.
std::vector<bool> named_axes(const char* operation, const std::vector<int>& axes, std::size_t dimension) {
  std::vector<bool> result(dimension, false);
  for (const int axis : axes) {
    const auto count = static_cast<int>(dimension);
    if (axis < -count || axis >= count) {
      throw ShapeError(fmt::format("{}: axis {} of a result of {} axes; expected one of {} ... {}", operation,
                                   axis, dimension, -count, count - 1));
    }
    const auto index = static_cast<std::size_t>(axis < 0 ? axis + count : axis);
    if (result[index]) throw ShapeError(fmt::format("{}: axis {} is named twice", operation, axis));
    result[index] = true;
  }
  return result;
}

}  // namespace

template <class T>
Variable<T> reshape(const Variable<T>& x, const std::vector<std::ptrdiff_t>& shape) {
  return with_shape("reshape", x, resolve_shape(x.shape(), shape));
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
  return with_shape("flatten", x, shape);
}

template <class T>
Variable<T> detail::expand_dims(const Variable<T>& x, const std::vector<int>& axes) {
  const std::vector<bool> is_new = named_axes("expand_dims", axes, x.dimension() + axes.size());
  Shape shape;
  auto next = x.shape().begin();
  for (const bool added : is_new) shape.push_back(added ? 1 : *next++);
  return with_shape("expand_dims", x, shape);
}

template <class T>
Variable<T> detail::squeeze_ones(const Variable<T>& x) {
  Shape shape;
  std::copy_if(x.shape().begin(), x.shape().end(), std::back_inserter(shape),
               [](std::size_t extent) { return extent != 1; });
  return with_shape("squeeze", x, shape);
}

template <class T>
Variable<T> detail::squeeze(const Variable<T>& x, const Axes& axes) {
  const std::vector<bool> dropped = axes.reduced("squeeze", x.shape());
  Shape shape;
  for (std::size_t i = 0; i < dropped.size(); ++i) {
    if (!dropped[i]) {
      shape.push_back(x.shape()[i]);
    } else if (x.shape()[i] != 1) {
      throw ShapeError(fmt::format("squeeze: axis {} of an array of shape {} has extent {}; expected 1", i,
                                   to_string(x.shape()), x.shape()[i]));
    }
  }
  return with_shape("squeeze", x, shape);
}

template <class T>
Variable<T> permute(const Variable<T>& x, const std::vector<int>& order) {
  const auto fail = [&] {
    return ShapeError(
        fmt::format("transpose: the order {{{}}} is not a permutation of the axes of an array of shape {}",
                    fmt::join(order, ", "), to_string(x.shape())));
  };
  if (order.size() != x.dimension()) throw fail();
  const auto strides = kernels::contiguous_strides(x.shape());
  kernels::Strided part;
  std::vector<int> inverse(order.size(), -1);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t axis = detail::normalize_axis("transpose", order[i], x.shape());
    if (inverse[axis] != -1) throw fail();
    inverse[axis] = static_cast<int>(i);
    part.shape.push_back(x.shape()[axis]);
    part.strides.push_back(strides[axis]);
  }
  return operation("transpose", kernels::gather(x.value(), part),
                   {x, [inverse](const Variable<T>& g) { return permute<T>(g, inverse); }});
}

template <class T>
Variable<T> detail::swapaxes(const Variable<T>& x, int axis1, int axis2) {
  std::vector<int> order(x.dimension());
  std::iota(order.begin(), order.end(), 0);
  std::swap(order[detail::normalize_axis("swapaxes", axis1, x.shape())],
            order[detail::normalize_axis("swapaxes", axis2, x.shape())]);
  return permute(x, order);
}

template <class T>
Variable<T> moveaxis(const Variable<T>& x, const std::vector<int>& source,
                     const std::vector<int>& destination) {
  if (source.size() != destination.size()) {
    throw ShapeError(fmt::format("moveaxis: axes {{{}}} to places {{{}}}; expected equally many",
                                 fmt::join(source, ", "), fmt::join(destination, ", ")));
  }
  const std::vector<bool> moves = Axes(source).reduced("moveaxis", x.shape());
  Axes(destination).reduced("moveaxis", x.shape());
  std::vector<int> order(x.dimension(), -1);
  for (std::size_t i = 0; i < source.size(); ++i) {
    order[detail::normalize_axis("moveaxis", destination[i], x.shape())] =
        static_cast<int>(detail::normalize_axis("moveaxis", source[i], x.shape()));
  }
  auto next = std::find(moves.begin(), moves.end(), false);
  for (int& axis : order) {
    if (axis != -1) continue;
    axis = static_cast<int>(next - moves.begin());
    next = std::find(next + 1, moves.end(), false);
  }
  return permute(x, order);
}

template <class T>
Variable<T> broadcast_to(const Variable<T>& x, const Shape& shape) {
  if (broadcast_shape("broadcast_to", x.shape(), shape) != shape) {
    throw ShapeError(fmt::format("broadcast_to: an array of shape {} does not broadcast to {}",
                                 to_string(x.shape()), to_string(shape)));
  }
  detail::check_size("broadcast_to", shape, sizeof(T));
  Array<T> value = kernels::map_all(shape, [](auto p) { return p; }, x.value());
  return operation("broadcast_to", std::move(value),
                   {x, [s = x.shape()](const Variable<T>& g) { return detail::sum_to(g, s); }});
}

#define XGRAD_INSTANTIATE(T)                                                                              \
  template Variable<T> reshape<T>(const Variable<T>&, const std::vector<std::ptrdiff_t>&);                \
  template Variable<T> detail::flatten_from<T>(const Variable<T>&, std::size_t);                          \
  template Variable<T> detail::expand_dims<T>(const Variable<T>&, const std::vector<int>&);               \
  template Variable<T> detail::squeeze_ones<T>(const Variable<T>&);                                       \
  template Variable<T> detail::squeeze<T>(const Variable<T>&, const Axes&);                               \
  template Variable<T> permute<T>(const Variable<T>&, const std::vector<int>&);                           \
  template Variable<T> detail::swapaxes<T>(const Variable<T>&, int, int);                                 \
  template Variable<T> moveaxis<T>(const Variable<T>&, const std::vector<int>&, const std::vector<int>&); \
  template Variable<T> broadcast_to<T>(const Variable<T>&, const Shape&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
