#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/im2col.hpp>
#include <autodiff/operation.hpp>
#include <autodiff/ops/unfold.hpp>

#include <fmt/format.h>

namespace xgrad {
namespace {

using detail::Window;

/// The shape of the columns.
Shape columns_shape(const Window& window) {
  return window.output_shape(window.rows.window * window.columns.window * window.channels);
}

template <class T>
Variable<T> add_columns(const Variable<T>& columns, const Window& window);

template <class T>
Variable<T> make_columns(const Variable<T>& images, const Window& window) {
  Array<T> value = empty<T>(columns_shape(window));
  kernels::unfold(window, images.value().data(), value.data());
  return operation("unfold", std::move(value),
                   {images, [window](const Variable<T>& g) { return add_columns(g, window); }});
}

template <class T>
Variable<T> add_columns(const Variable<T>& columns, const Window& window) {
  Array<T> value = empty<T>(window.input_shape());
  kernels::fold(window, columns.value().data(), value.data());
  return operation("fold", std::move(value),
                   {columns, [window](const Variable<T>& g) { return make_columns(g, window); }});
}

Window make_window(const char* operation, const Shape& images, Size2d window, const UnfoldOptions& options) {
  return detail::make_window(operation, 2, images,
                             {window, options.stride, options.padding, options.dilation});
}

}  // namespace

template <class T>
Variable<T> unfold(const Variable<T>& images, Size2d window, const UnfoldOptions& options) {
  return make_columns(images, make_window("unfold", images.shape(), window, options));
}

template <class T>
Variable<T> fold(const Variable<T>& columns, Size2d size, Size2d window, const UnfoldOptions& options) {
  const Shape& shape = columns.shape();
  if (shape.size() != 4) {
    throw ShapeError(
        fmt::format("fold: columns of shape {}; expected {{N, H', W', kH kW C}}", to_string(shape)));
  }
  Window geometry = make_window("fold", {shape[0], size.rows, size.columns, 0}, window, options);
  const std::size_t taps = geometry.rows.window * geometry.columns.window;
  if (shape[3] % taps != 0) {
    throw ShapeError(
        fmt::format("fold: columns {} have {} entries each; expected a multiple of the window {}",
                    to_string(shape), shape[3], detail::extents(2, window)));
  }
  geometry.channels = shape[3] / taps;
  if (columns_shape(geometry) != shape) {
    throw ShapeError(fmt::format("fold: columns of shape {}; images {} have {}", to_string(shape),
                                 to_string(geometry.input_shape()), to_string(columns_shape(geometry))));
  }
  element_count(geometry.input_shape());
  return add_columns(columns, geometry);
}

#define XGRAD_INSTANTIATE(T)                                                        \
  template Variable<T> unfold<T>(const Variable<T>&, Size2d, const UnfoldOptions&); \
  template Variable<T> fold<T>(const Variable<T>&, Size2d, Size2d, const UnfoldOptions&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
