#pragma once

#include <autodiff/kernels/pooling.hpp>
#include <autodiff/operation.hpp>
#include <autodiff/ops/pooling.hpp>

#include <memory>

/// \file
/// Shared by the pooling operations, with sliding windows or bins. Private to the sources of the operations.

namespace xgrad::detail {

/// The windows of a pooling, and the shapes of its images and its result.
template <class Axis>
struct Pool {
  SlidingWindow<Axis> window;
  Shape images;
  Shape result;

  Pool(std::size_t axes, const SlidingWindow<Axis>& w)
      : window(w),
        images(with_axes(axes, w.input_shape())),
        result(with_axes(axes, w.output_shape(w.channels))) {}
};

/// The entries of the images that a max-pooling selected.
template <class Axis>
struct Choice {
  Pool<Axis> pool;
  std::shared_ptr<kernels::Taps> taps;
};

/// The entries that max-pooling selected. Its pullback, scatter, writes the cotangents to their places in an
/// array of zeros; the pullback of scatter is gather again.
template <class T, class Axis>
Variable<T> gather(const Variable<T>& images, const Choice<Axis>& choice);

template <class T, class Axis>
Variable<T> scatter(const Variable<T>& g, const Choice<Axis>& choice) {
  Array<T> value = empty<T>(choice.pool.images);
  kernels::pool_scatter(choice.pool.window, choice.taps->data(), g.value().data(), value.data());
  return operation("max_pool_gradient", std::move(value),
                   {g, [choice](const Variable<T>& h) { return gather(h, choice); }});
}

template <class T, class Axis>
Variable<T> gather(const Variable<T>& images, const Choice<Axis>& choice) {
  Array<T> value = empty<T>(choice.pool.result);
  kernels::pool_gather(choice.pool.window, choice.taps->data(), images.value().data(), value.data());
  return operation("max_pool_choice", std::move(value),
                   {images, [choice](const Variable<T>& g) { return scatter(g, choice); }});
}

/// The largest entry of each window; if `stream` is given, its random numbers break ties.
template <class T, class Axis>
Variable<T> largest(const char* name, const Variable<T>& images, const Pool<Axis>& pool,
                    std::optional<std::uint64_t> stream = std::nullopt) {
  Array<T> value = empty<T>(pool.result);
  Choice<Axis> choice{pool, nullptr};
  if (is_recorded(images.node().get())) {
    choice.taps = make_pooled<kernels::Taps>(pool.result);
  }
  kernels::max_pool2d(pool.window, images.value().data(), value.data(),
                      choice.taps ? choice.taps->data() : nullptr, stream);
  return operation(name, std::move(value),
                   {images, [choice](const Variable<T>& g) { return scatter(g, choice); }});
}

template <class T, class Axis>
Variable<T> average_gradient(const Variable<T>& g, const Pool<Axis>& pool, bool count_padding);

/// The mean of each window.
template <class T, class Axis>
Variable<T> average(const char* name, const Variable<T>& images, const Pool<Axis>& pool, bool count_padding) {
  Array<T> value = empty<T>(pool.result);
  kernels::avg_pool2d(pool.window, count_padding, images.value().data(), value.data());
  return operation(name, std::move(value),
                   {images, [=](const Variable<T>& g) { return average_gradient(g, pool, count_padding); }});
}

template <class T, class Axis>
Variable<T> average_gradient(const Variable<T>& g, const Pool<Axis>& pool, bool count_padding) {
  Array<T> value = empty<T>(pool.images);
  kernels::avg_pool2d_gradient(pool.window, count_padding, g.value().data(), value.data());
  return operation("avg_pool_gradient", std::move(value),
                   {g, [=](const Variable<T>& h) { return average("avg_pool", h, pool, count_padding); }});
}

/// Throws ShapeError, naming the operation, if the images have no entries to pool.
void check_entries(const char* operation, std::size_t axes, const Shape& images);

}  // namespace xgrad::detail
