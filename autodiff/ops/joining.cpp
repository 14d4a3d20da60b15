#include <autodiff/instantiate.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/detail/places.hpp>
#include <autodiff/ops/joining.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xgrad {
namespace {

/// Copies each array to its part of an array of this shape, which the parts cover.
template <class T>
Variable<T> join(const char* name, const std::vector<Variable<T>>& arrays, const Shape& shape,
                 const std::vector<kernels::Strided>& parts) {
  Array<T> value(detail::check_size(name, shape, sizeof(T)));
  for (std::size_t i = 0; i < arrays.size(); ++i) kernels::set_at(value, parts[i], arrays[i].value());
  return operation(name, std::move(value), arrays, [parts](const Variable<T>& g) {
    std::vector<Variable<T>> cotangents;
    cotangents.reserve(parts.size());
    for (const kernels::Strided& part : parts) cotangents.push_back(detail::entries_at("view", g, part));
    return cotangents;
  });
}

template <class T>
Variable<T> concatenate_along(const char* name, const std::vector<Variable<T>>& arrays, int axis) {
  if (arrays.empty()) throw ShapeError(fmt::format("{}: no arrays were given", name));
  Shape shape = arrays.front().shape();
  const std::size_t along = detail::normalize_axis(name, axis, shape);
  shape[along] = 0;
  for (const Variable<T>& array : arrays) {
    Shape rest = array.shape();
    if (rest.size() == shape.size()) rest[along] = shape[along];
    if (rest != shape) {
      throw ShapeError(fmt::format("{}: shapes {} and {} differ in more than axis {}", name,
                                   to_string(arrays.front().shape()), to_string(array.shape()), along));
    }
    shape[along] = detail::add_extents(shape[along], array.shape()[along]);
  }
  std::vector<kernels::Strided> parts;
  std::size_t start = 0;
  for (const Variable<T>& array : arrays) {
    parts.push_back(detail::axis_range(shape, along, start, array.shape()[along]));
    start += array.shape()[along];
  }
  return join(name, arrays, shape, parts);
}

/// Arrays with leading axes of extent 1 added, so that each has at least `dimension` axes.
template <class T>
std::vector<Variable<T>> at_least(const std::vector<Variable<T>>& arrays, std::size_t dimension) {
  std::vector<Variable<T>> result = arrays;
  for (Variable<T>& array : result) {
    std::vector<std::ptrdiff_t> shape = detail::signed_shape(array.shape());
    if (shape.size() >= dimension) continue;
    shape.insert(shape.begin(), dimension - shape.size(), 1);
    array = reshape(array, shape);
  }
  return result;
}

/// The part of x with indices [start, stop) along an axis.
template <class T>
Variable<T> between(const char* name, const Variable<T>& x, std::size_t axis, std::size_t start,
                    std::size_t stop) {
  return detail::entries_at(name, x, detail::axis_range(x.shape(), axis, start, stop - start));
}

}  // namespace

template <class T>
Variable<T> concatenate(const std::vector<Variable<T>>& arrays, int axis) {
  return concatenate_along("concatenate", arrays, axis);
}

template <class T>
Variable<T> stack(const std::vector<Variable<T>>& arrays, int axis) {
  if (arrays.empty()) throw ShapeError("stack: no arrays were given");
  const Shape& each = arrays.front().shape();
  for (const Variable<T>& array : arrays) {
    if (array.shape() == each) continue;
    throw ShapeError(
        fmt::format("stack: shapes {} and {} differ", to_string(each), to_string(array.shape())));
  }
  const auto dimension = static_cast<int>(each.size()) + 1;
  if (axis < -dimension || axis >= dimension) {
    throw ShapeError(fmt::format("stack: axis {} for arrays of shape {}; expected one of {} ... {}", axis,
                                 to_string(each), -dimension, dimension - 1));
  }
  const auto along = static_cast<std::size_t>(axis < 0 ? axis + dimension : axis);
  Shape shape(each.begin(), each.begin() + static_cast<std::ptrdiff_t>(along));
  shape.push_back(arrays.size());
  std::copy(each.begin() + static_cast<std::ptrdiff_t>(along), each.end(), std::back_inserter(shape));
  auto strides = kernels::contiguous_strides(shape);
  const std::ptrdiff_t step = strides[along];
  strides.erase(strides.begin() + static_cast<std::ptrdiff_t>(along));
  std::vector<kernels::Strided> parts;
  for (std::size_t i = 0; i < arrays.size(); ++i) {
    parts.push_back({each, strides, static_cast<std::ptrdiff_t>(i) * step});
  }
  return join("stack", arrays, shape, parts);
}

template <class T>
Variable<T> hstack(const std::vector<Variable<T>>& arrays) {
  const int axis = !arrays.empty() && arrays.front().dimension() > 1 ? 1 : 0;
  return concatenate_along("hstack", at_least(arrays, 1), axis);
}

template <class T>
Variable<T> vstack(const std::vector<Variable<T>>& arrays) {
  return concatenate_along("vstack", at_least(arrays, 2), 0);
}

template <class T>
std::vector<Variable<T>> detail::split_evenly(const char* name, const Variable<T>& x, std::ptrdiff_t parts,
                                              int axis, Remainder remainder) {
  const std::size_t along = normalize_axis(name, axis, x.shape());
  const std::size_t extent = x.shape()[along];
  if (parts < 1) throw ValueError(fmt::format("{}: {} parts; expected at least one", name, parts));
  const auto count = static_cast<std::size_t>(parts);
  if (remainder == Remainder::is_error && extent % count != 0) {
    throw ShapeError(fmt::format("{}: axis {} of an array of shape {} cannot be cut into {} equal parts",
                                 name, along, to_string(x.shape()), count));
  }
  std::vector<Variable<T>> result;
  std::size_t start = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t stop = start + extent / count + (i < extent % count ? 1 : 0);
    result.push_back(between(name, x, along, start, stop));
    start = stop;
  }
  return result;
}

template <class T>
std::vector<Variable<T>> detail::split_at(const char* name, const Variable<T>& x,
                                          const std::vector<std::ptrdiff_t>& indices, int axis) {
  const std::size_t along = normalize_axis(name, axis, x.shape());
  const auto extent = static_cast<std::ptrdiff_t>(x.shape()[along]);
  std::vector<Variable<T>> result;
  std::ptrdiff_t start = 0;
  const auto add_until = [&](std::ptrdiff_t stop) {
    result.push_back(between(name, x, along, static_cast<std::size_t>(start),
                             static_cast<std::size_t>(std::max(start, stop))));
    start = stop;
  };
  for (const std::ptrdiff_t index : indices) {
    add_until(std::clamp<std::ptrdiff_t>(index < 0 ? index + extent : index, 0, extent));
  }
  add_until(extent);
  return result;
}

#define XGRAD_INSTANTIATE(T)                                                                                 \
  template Variable<T> concatenate<T>(const std::vector<Variable<T>>&, int);                                 \
  template Variable<T> stack<T>(const std::vector<Variable<T>>&, int);                                       \
  template Variable<T> hstack<T>(const std::vector<Variable<T>>&);                                           \
  template Variable<T> vstack<T>(const std::vector<Variable<T>>&);                                           \
  template std::vector<Variable<T>> detail::split_evenly<T>(const char*, const Variable<T>&, std::ptrdiff_t, \
                                                            int, Remainder);                                 \
  template std::vector<Variable<T>> detail::split_at<T>(const char*, const Variable<T>&,                     \
                                                        const std::vector<std::ptrdiff_t>&, int);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
