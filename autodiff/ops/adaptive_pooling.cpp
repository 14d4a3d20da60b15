#include <autodiff/instantiate.hpp>
#include <autodiff/ops/adaptive_pooling.hpp>
#include <autodiff/ops/detail/pool.hpp>
#include <autodiff/ops/reduction.hpp>

#include <fmt/format.h>

#include <limits>

namespace xgrad {
namespace {

using detail::along;
using detail::BinAxis;
using detail::Pool;

void check_images(const char* operation, std::size_t axes, const Shape& images) {
  detail::check_images(operation, axes, images);
  detail::check_entries(operation, axes, images);
}

Pool<BinAxis> bins(const char* operation, std::size_t axes, const Shape& images, Size2d size) {
  check_images(operation, axes, images);
  detail::check_range(operation, "the size", axes, size, 1);
  const std::size_t height = axes == 1 ? 1 : images[1];
  const std::size_t width = images[axes];
  constexpr std::size_t largest = std::numeric_limits<std::uint32_t>::max();  // tap indices are 32-bit
  if (height > largest / width) {
    throw ShapeError(
        fmt::format("{}: {} {} are too large", operation, detail::noun(axes), to_string(images)));
  }
  detail::check_size(operation, {images.front(), size.rows, size.columns, images.back()}, sizeof(float));
  return {axes, {images.front(), images.back(), BinAxis(height, size.rows), BinAxis(width, size.columns)}};
}

template <class T>
Variable<T> global_max_pool(const char* operation, std::size_t axes, const Variable<T>& images) {
  Pool<BinAxis> pool = bins(operation, axes, images.shape(), 1);
  pool.result = {images.shape().front(), images.shape().back()};
  return detail::largest(operation, images, pool);
}

}  // namespace

template <class T>
Variable<T> adaptive_avg_pool2d(const Variable<T>& images, Size2d size) {
  return detail::average("adaptive_avg_pool2d", images, bins("adaptive_avg_pool2d", 2, images.shape(), size),
                         false);
}

template <class T>
Variable<T> adaptive_avg_pool1d(const Variable<T>& sequences, Count size) {
  return detail::average("adaptive_avg_pool1d", sequences,
                         bins("adaptive_avg_pool1d", 1, sequences.shape(), along(size)), false);
}

template <class T>
Variable<T> adaptive_max_pool2d(const Variable<T>& images, Size2d size) {
  return detail::largest("adaptive_max_pool2d", images, bins("adaptive_max_pool2d", 2, images.shape(), size));
}

template <class T>
Variable<T> adaptive_max_pool1d(const Variable<T>& sequences, Count size) {
  return detail::largest("adaptive_max_pool1d", sequences,
                         bins("adaptive_max_pool1d", 1, sequences.shape(), along(size)));
}

template <class T>
Variable<T> global_avg_pool2d(const Variable<T>& images) {
  check_images("global_avg_pool2d", 2, images.shape());
  return mean(images, {1, 2});
}

template <class T>
Variable<T> global_avg_pool1d(const Variable<T>& sequences) {
  check_images("global_avg_pool1d", 1, sequences.shape());
  return mean(sequences, 1);
}

template <class T>
Variable<T> global_max_pool2d(const Variable<T>& images) {
  return global_max_pool("global_max_pool2d", 2, images);
}

template <class T>
Variable<T> global_max_pool1d(const Variable<T>& sequences) {
  return global_max_pool("global_max_pool1d", 1, sequences);
}

#define XGRAD_INSTANTIATE(T)                                               \
  template Variable<T> adaptive_avg_pool2d<T>(const Variable<T>&, Size2d); \
  template Variable<T> adaptive_avg_pool1d<T>(const Variable<T>&, Count);  \
  template Variable<T> adaptive_max_pool2d<T>(const Variable<T>&, Size2d); \
  template Variable<T> adaptive_max_pool1d<T>(const Variable<T>&, Count);  \
  template Variable<T> global_avg_pool2d<T>(const Variable<T>&);           \
  template Variable<T> global_avg_pool1d<T>(const Variable<T>&);           \
  template Variable<T> global_max_pool2d<T>(const Variable<T>&);           \
  template Variable<T> global_max_pool1d<T>(const Variable<T>&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
