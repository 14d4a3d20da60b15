#include <autodiff/instantiate.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/detail/matrices.hpp>
#include <autodiff/ops/linalg.hpp>
#include <autodiff/ops/products.hpp>
#include <autodiff/ops/reduction.hpp>
#include <autodiff/ops/shape.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

namespace xgrad {
namespace {

std::vector<int> axis_numbers(std::size_t first, std::size_t last) {
  std::vector<int> axes(last - first);
  std::iota(axes.begin(), axes.end(), static_cast<int>(first));
  return axes;
}

/// The axes to sum over, counted from the front, and the other axes.
struct SplitAxes {
  std::vector<int> summed;
  std::vector<int> free;

  SplitAxes(const char* name, const Shape& shape, const std::vector<int>& axes) {
    std::vector<bool> taken(shape.size(), false);
    for (const int axis : axes) {
      const std::size_t index = detail::normalize_axis(name, axis, shape);
      if (taken[index]) {
        throw ShapeError(
            fmt::format("{}: axis {} of an array of shape {} is named twice", name, axis, to_string(shape)));
      }
      taken[index] = true;
      summed.push_back(static_cast<int>(index));
    }
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (!taken[i]) free.push_back(static_cast<int>(i));
    }
  }
};

template <class T>
Variable<T> sum_of_products(const char* name, const Variable<T>& a, const Variable<T>& b,
                            const std::vector<int>& axes_a, const std::vector<int>& axes_b) {
  if (axes_a.size() != axes_b.size()) {
    throw ShapeError(fmt::format("{}: axes {{{}}} and {{{}}}; expected lists of one length", name,
                                 fmt::join(axes_a, ", "), fmt::join(axes_b, ", ")));
  }
  const SplitAxes of_a(name, a.shape(), axes_a);
  const SplitAxes of_b(name, b.shape(), axes_b);
  for (std::size_t i = 0; i < axes_a.size(); ++i) {
    const std::size_t extent_a = a.shape()[of_a.summed[i]];
    const std::size_t extent_b = b.shape()[of_b.summed[i]];
    if (extent_a != extent_b) {
      throw ShapeError(fmt::format("{}: axis {} of {} and axis {} of {} differ: {} and {}", name,
                                   of_a.summed[i], to_string(a.shape()), of_b.summed[i], to_string(b.shape()),
                                   extent_a, extent_b));
    }
  }
  Shape shape;
  for (const int axis : of_a.free) shape.push_back(a.shape()[axis]);
  for (const int axis : of_b.free) shape.push_back(b.shape()[axis]);
  const auto product =
      matmul(detail::join_axes(a, {of_a.free, of_a.summed}), detail::join_axes(b, {of_b.summed, of_b.free}));
  return product.shape() == shape ? product : reshape(product, detail::signed_shape(shape));
}

}  // namespace

namespace detail {

template <class T>
Variable<T> join_axes(const Variable<T>& x, const std::vector<std::vector<int>>& groups) {
  std::vector<int> order;
  Shape shape;
  for (const std::vector<int>& group : groups) {
    shape.push_back(1);
    for (const int axis : group) shape.back() = multiply_extents(shape.back(), x.shape()[axis]);
    order.insert(order.end(), group.begin(), group.end());
  }
  const Variable<T> ordered = std::is_sorted(order.begin(), order.end()) ? x : permute(x, order);
  return ordered.shape() == shape ? ordered : reshape(ordered, signed_shape(shape));
}

template <class T>
Variable<T> dot(const Variable<T>& a, const Variable<T>& b) {
  if (a.dimension() == 0 || b.dimension() == 0) return multiply(a, b);
  return sum_of_products("dot", a, b, {-1}, {b.dimension() == 1 ? 0 : -2});
}

template <class T>
Variable<T> vdot(const Variable<T>& a, const Variable<T>& b) {
  if (a.size() != b.size()) {
    throw ShapeError(fmt::format("vdot: shapes {} and {} have {} and {} entries; expected equally many",
                                 to_string(a.shape()), to_string(b.shape()), a.size(), b.size()));
  }
  return sum_of_products("vdot", reshape(a, {-1}), reshape(b, {-1}), {0}, {0});
}

template <class T>
Variable<T> inner(const Variable<T>& a, const Variable<T>& b) {
  if (a.dimension() == 0 || b.dimension() == 0) return multiply(a, b);
  return sum_of_products("inner", a, b, {-1}, {-1});
}

template <class T>
Variable<T> outer(const Variable<T>& a, const Variable<T>& b) {
  return multiply(reshape(a, {static_cast<std::ptrdiff_t>(a.size()), 1}), reshape(b, {-1}));
}

template <class T>
Variable<T> kron(const Variable<T>& a, const Variable<T>& b) {
  // With the axes of a and b interleaved, the product is a single broadcast multiplication.
  const std::size_t dimension = std::max(a.dimension(), b.dimension());
  const auto extent = [dimension](const Variable<T>& x, std::size_t axis) {
    const std::size_t added = dimension - x.dimension();
    return axis < added ? 1 : x.shape()[axis - added];
  };
  Shape shape_a;
  Shape shape_b;
  Shape shape;
  for (std::size_t i = 0; i < dimension; ++i) {
    shape_a.push_back(extent(a, i));
    shape_a.push_back(1);
    shape_b.push_back(1);
    shape_b.push_back(extent(b, i));
    shape.push_back(multiply_extents(extent(a, i), extent(b, i)));
  }
  check_size("kron", shape, sizeof(T));
  return reshape(multiply(reshape(a, signed_shape(shape_a)), reshape(b, signed_shape(shape_b))),
                 signed_shape(shape));
}

template <class T>
Variable<T> tensordot(const Variable<T>& a, const Variable<T>& b, int axes) {
  if (axes < 0) throw ValueError(fmt::format("tensordot: {} axes; expected 0 or more", axes));
  const auto count = static_cast<std::size_t>(axes);
  if (count > a.dimension() || count > b.dimension()) {
    throw ShapeError(fmt::format("tensordot: {} axes of arrays of shapes {} and {}", axes,
                                 to_string(a.shape()), to_string(b.shape())));
  }
  return sum_of_products("tensordot", a, b, axis_numbers(a.dimension() - count, a.dimension()),
                         axis_numbers(0, count));
}

template <class T>
Variable<T> tensordot(const Variable<T>& a, const Variable<T>& b, const std::vector<int>& axes_a,
                      const std::vector<int>& axes_b) {
  return sum_of_products("tensordot", a, b, axes_a, axes_b);
}

}  // namespace detail

template <class T>
Variable<T> matrix_power(const Variable<T>& x, int n) {
  const Shape& shape = x.shape();
  if (shape.size() < 2 || shape.back() != shape[shape.size() - 2]) {
    throw ShapeError(fmt::format("matrix_power: an array of shape {}; expected square matrices {{..., m, m}}",
                                 to_string(shape)));
  }
  if (n < 0) throw ValueError(fmt::format("matrix_power: exponent {}; expected 0 or more", n));
  if (n == 0) {
    return operation("matrix_power", detail::identities<T>(shape),
                     {x, [shape](const Variable<T>&) { return constant(full<T>(shape, T(0))); }});
  }
  Variable<T> result;
  Variable<T> square = x;  // x to the power of 1, 2, 4, ...
  for (auto rest = static_cast<unsigned>(n);; square = detail::matmul(square, square)) {
    if (rest % 2 == 1) result = result ? detail::matmul(result, square) : square;
    rest /= 2;
    if (rest == 0) return result;
  }
}

#define XGRAD_INSTANTIATE(T)                                                                                 \
  template Variable<T> detail::join_axes<T>(const Variable<T>&, const std::vector<std::vector<int>>&);       \
  template Variable<T> detail::dot<T>(const Variable<T>&, const Variable<T>&);                               \
  template Variable<T> detail::vdot<T>(const Variable<T>&, const Variable<T>&);                              \
  template Variable<T> detail::inner<T>(const Variable<T>&, const Variable<T>&);                             \
  template Variable<T> detail::outer<T>(const Variable<T>&, const Variable<T>&);                             \
  template Variable<T> detail::kron<T>(const Variable<T>&, const Variable<T>&);                              \
  template Variable<T> detail::tensordot<T>(const Variable<T>&, const Variable<T>&, int);                    \
  template Variable<T> detail::tensordot<T>(const Variable<T>&, const Variable<T>&, const std::vector<int>&, \
                                            const std::vector<int>&);                                        \
  template Variable<T> matrix_power<T>(const Variable<T>&, int);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
