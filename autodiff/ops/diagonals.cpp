#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/triangle.hpp>
#include <autodiff/ops/detail/axis.hpp>
#include <autodiff/ops/detail/matrices.hpp>
#include <autodiff/ops/detail/places.hpp>
#include <autodiff/ops/diagonals.hpp>
#include <autodiff/ops/reduction.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace xgrad {
namespace {

template <class T>
Variable<T> one_side(const char* name, const Variable<T>& x, kernels::Triangle which, std::ptrdiff_t k) {
  return operation(name, kernels::triangle(x.value(), which, k),
                   {x, [=](const Variable<T>& g) { return one_side(name, g, which, k); }});
}

/// Diagonal k of the matrices formed by two axes of an array; the other axes come first.
kernels::Strided diagonal_of(const Shape& shape, std::ptrdiff_t k, std::size_t rows_axis,
                             std::size_t columns_axis) {
  const auto strides = kernels::contiguous_strides(shape);
  kernels::Strided part;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i == rows_axis || i == columns_axis) continue;
    part.shape.push_back(shape[i]);
    part.strides.push_back(strides[i]);
  }
  const std::ptrdiff_t rows = static_cast<std::ptrdiff_t>(shape[rows_axis]) + std::min<std::ptrdiff_t>(k, 0);
  const std::ptrdiff_t columns =
      static_cast<std::ptrdiff_t>(shape[columns_axis]) - std::max<std::ptrdiff_t>(k, 0);
  const std::ptrdiff_t length = std::max<std::ptrdiff_t>(0, std::min(rows, columns));
  part.shape.push_back(static_cast<std::size_t>(length));
  part.strides.push_back(strides[rows_axis] + strides[columns_axis]);
  if (length > 0) part.offset = k < 0 ? -k * strides[rows_axis] : k * strides[columns_axis];
  return part;
}

}  // namespace

namespace detail {

template <class T>
Variable<T> tril(const Variable<T>& x, std::ptrdiff_t k) {
  check_matrices("tril", x.shape());
  return one_side("tril", x, kernels::Triangle::lower, k);
}

template <class T>
Variable<T> triu(const Variable<T>& x, std::ptrdiff_t k) {
  check_matrices("triu", x.shape());
  return one_side("triu", x, kernels::Triangle::upper, k);
}

template <class T>
Variable<T> diagonal(const Variable<T>& x, std::ptrdiff_t k, int rows_axis, int columns_axis) {
  check_matrices("diagonal", x.shape());
  const std::size_t rows = normalize_axis("diagonal", rows_axis, x.shape());
  const std::size_t columns = normalize_axis("diagonal", columns_axis, x.shape());
  if (rows == columns) {
    throw ShapeError(fmt::format("diagonal: axis {} of an array of shape {} is named twice", columns_axis,
                                 to_string(x.shape())));
  }
  return entries_at("diagonal", x, diagonal_of(x.shape(), k, rows, columns));
}

template <class T>
Variable<T> diag(const Variable<T>& x, std::ptrdiff_t k) {
  if (x.dimension() == 2) return entries_at("diag", x, diagonal_of(x.shape(), k, 0, 1));
  if (x.dimension() != 1) {
    throw ShapeError(
        fmt::format("diag: an array of shape {}; expected a vector or a matrix", to_string(x.shape())));
  }
  const std::size_t n =
      add_extents(x.size(), k < 0 ? -static_cast<std::size_t>(k) : static_cast<std::size_t>(k));
  const Shape shape{n, n};
  check_size("diag", shape, sizeof(T));
  return put_at(x, diagonal_of(shape, k, 0, 1), shape);
}

}  // namespace detail

template <class T>
Variable<T> trace(const Variable<T>& x, int k, int rows_axis, int columns_axis) {
  return sum(detail::diagonal(x, k, rows_axis, columns_axis), -1);
}

#define XGRAD_INSTANTIATE(T)                                                              \
  template Variable<T> detail::tril<T>(const Variable<T>&, std::ptrdiff_t);               \
  template Variable<T> detail::triu<T>(const Variable<T>&, std::ptrdiff_t);               \
  template Variable<T> detail::diag<T>(const Variable<T>&, std::ptrdiff_t);               \
  template Variable<T> detail::diagonal<T>(const Variable<T>&, std::ptrdiff_t, int, int); \
  template Variable<T> trace<T>(const Variable<T>&, int, int, int);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
