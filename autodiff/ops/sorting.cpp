#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/arg_extreme.hpp>
#include <autodiff/kernels/strided.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/detail/order.hpp>
#include <autodiff/ops/shape.hpp>
#include <autodiff/ops/sorting.hpp>

#include <fmt/format.h>

#include <optional>

namespace xgrad {

namespace detail {

template <class T>
void check_row_length(const char* operation, const Shape& shape) {
  using Key = typename kernels::detail::Keyed<T>::Key;
  if (shape.back() > std::numeric_limits<Key>::max()) {
    throw ShapeError(fmt::format("{}: an array of shape {} has rows of more than {} entries", operation,
                                 to_string(shape), std::numeric_limits<Key>::max()));
  }
}

namespace {

/// The transpose of take_in_rows: adds entries into rows of zeros.
template <class T>
Variable<T> add_in_rows(const Variable<T>& x, const RowIndices& indices, const Shape& shape) {
  Array<T> value = full<T>(shape, T(0));
  const std::size_t count = indices->shape().back();
  kernels::add_in_rows(x.value().data(), indices->data(), count == 0 ? 0 : indices->size() / count,
                       shape.back(), count, value.data());
  return operation("add_in_rows", std::move(value),
                   {x, [indices](const Variable<T>& g) { return take_in_rows(g, indices); }});
}

}  // namespace

template <class T>
Variable<T> take_in_rows(const char* name, Array<T>&& values, const Variable<T>& x,
                         const RowIndices& indices) {
  return operation(name, std::move(values), {x, [indices, s = x.shape()](const Variable<T>& g) {
                                               return add_in_rows(g, indices, s);
                                             }});
}

template <class T>
Variable<T> take_in_rows(const Variable<T>& x, const RowIndices& indices) {
  Array<T> values(indices->shape());
  const std::size_t count = indices->shape().back();
  kernels::take_in_rows(x.value().data(), indices->data(), count == 0 ? 0 : indices->size() / count,
                        x.shape().back(), count, values.data());
  return take_in_rows("take_in_rows", std::move(values), x, indices);
}

}  // namespace detail

using kernels::Order;

namespace {

/// An array of integers with one axis and the last exchanged.
Array<std::int64_t> exchanged(const Array<std::int64_t>& x, std::size_t axis) {
  kernels::Strided part{x.shape(), kernels::contiguous_strides(x.shape())};
  std::swap(part.shape[axis], part.shape.back());
  std::swap(part.strides[axis], part.strides.back());
  return kernels::gather(x, part);
}

/// The first `count` entries along an axis in sorted order, and their indices.
template <class T>
TopK<T> first_in_order(const char* name, const Variable<T>& x, std::size_t axis, std::size_t count,
                       Order order) {
  if (axis + 1 != x.dimension()) {
    const auto along = static_cast<int>(axis);
    const TopK<T> rows = first_in_order(name, swapaxes(x, along, -1), x.dimension() - 1, count, order);
    return {swapaxes(rows.values, along, -1), exchanged(rows.indices, axis)};
  }
  detail::check_row_length<T>(name, x.shape());
  const std::size_t length = x.shape().back();
  Shape shape = x.shape();
  shape.back() = count;
  const auto indices = detail::make_pooled<Array<std::int64_t>>(shape);
  Array<T> values(shape);
  kernels::order_rows(x.value().data(), length == 0 ? 0 : x.size() / length, length, count, order,
                      values.data(), indices->data());
  return {detail::take_in_rows<T>(name, std::move(values), x, indices), *indices};
}

Order order_of(const SortOptions& options) {
  return options.descending ? Order::descending : Order::ascending;
}

/// Along the given axis, or over all axes as one.
template <class Op, class T>
Array<std::int64_t> arg_extreme(const char* name, const Variable<T>& x, std::optional<int> axis,
                                KeepDims keep) {
  const Shape& from = x.shape();
  const std::size_t first = axis ? detail::normalize_axis(name, *axis, from) : 0;
  const std::size_t last = axis ? first + 1 : from.size();
  const kernels::AxisLoop loop(from, first, last);
  if (loop.extent == 0) {
    throw ShapeError(
        fmt::format("{}: an array of shape {} has no entries to choose from", name, to_string(from)));
  }
  Shape shape;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (i < first || i >= last || keep) shape.push_back(loop.kept[i]);
  }
  return kernels::arg_extreme<Op>(x.value(), loop, shape);
}

}  // namespace

template <class T>
Variable<T> sort(const Variable<T>& x, int axis, const SortOptions& options) {
  const std::size_t along = detail::normalize_axis("sort", axis, x.shape());
  return first_in_order("sort", x, along, x.shape()[along], order_of(options)).values;
}

template <class T>
Array<std::int64_t> argsort(const Variable<T>& x, int axis, const SortOptions& options) {
  const std::size_t along = detail::normalize_axis("argsort", axis, x.shape());
  return first_in_order("argsort", stop_gradient(x), along, x.shape()[along], order_of(options)).indices;
}

template <class T>
TopK<T> topk(const Variable<T>& x, std::size_t k, int axis, const TopKOptions& options) {
  const std::size_t along = detail::normalize_axis("topk", axis, x.shape());
  if (k > x.shape()[along]) {
    throw ValueError(fmt::format("topk: k = {} for axis {} of an array of shape {}; expected at most {}", k,
                                 along, to_string(x.shape()), x.shape()[along]));
  }
  return first_in_order("topk", x, along, k, options.largest ? Order::descending : Order::ascending);
}

template <class T>
Array<std::int64_t> argmax(const Variable<T>& x, int axis, KeepDims keep) {
  return arg_extreme<kernels::Max<T>>("argmax", x, axis, keep);
}

template <class T>
Array<std::int64_t> argmax(const Variable<T>& x, KeepDims keep) {
  return arg_extreme<kernels::Max<T>>("argmax", x, std::nullopt, keep);
}

template <class T>
Array<std::int64_t> argmin(const Variable<T>& x, int axis, KeepDims keep) {
  return arg_extreme<kernels::Min<T>>("argmin", x, axis, keep);
}

template <class T>
Array<std::int64_t> argmin(const Variable<T>& x, KeepDims keep) {
  return arg_extreme<kernels::Min<T>>("argmin", x, std::nullopt, keep);
}

#define XGRAD_INSTANTIATE(T)                                                                   \
  template void detail::check_row_length<T>(const char*, const Shape&);                        \
  template Variable<T> detail::take_in_rows<T>(const Variable<T>&, const detail::RowIndices&); \
  template Variable<T> sort<T>(const Variable<T>&, int, const SortOptions&);                   \
  template Array<std::int64_t> argsort<T>(const Variable<T>&, int, const SortOptions&);        \
  template TopK<T> topk<T>(const Variable<T>&, std::size_t, int, const TopKOptions&);          \
  template Array<std::int64_t> argmax<T>(const Variable<T>&, int, KeepDims);                   \
  template Array<std::int64_t> argmax<T>(const Variable<T>&, KeepDims);                        \
  template Array<std::int64_t> argmin<T>(const Variable<T>&, int, KeepDims);                   \
  template Array<std::int64_t> argmin<T>(const Variable<T>&, KeepDims);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
