#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/convolution.hpp>
#include <autodiff/kernels/grouped_convolution.hpp>
#include <autodiff/kernels/im2col.hpp>
#include <autodiff/kernels/onednn.hpp>
#include <autodiff/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

/// Multiply-adds of a depthwise convolution, and entries copied, that are worth a thread.
constexpr std::size_t grain = std::size_t{1} << 15;

std::size_t place_count(const Window& window) {
  return window.images * window.rows.output * window.columns.output;
}
std::size_t pixel_count(const Window& window) {
  return window.images * window.rows.input * window.columns.input;
}
std::size_t tap_count(const Window& window) { return window.rows.window * window.columns.window; }

// Groups one after the other: the channels of each group are brought together, and their results back.

/// {places, groups, channels} to {groups, places, channels}.
template <class T>
Array<T> split_groups(const T* from, std::size_t places, std::size_t groups, std::size_t channels) {
  Array<T> result = empty<T>({groups, places, channels});
  T* to = result.data();
  parallel_for(places, grain / (groups * channels + 1) + 1, [=](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      for (std::size_t g = 0; g < groups; ++g) {
        std::copy_n(from + (p * groups + g) * channels, channels, to + (g * places + p) * channels);
      }
    }
  });
  return result;
}

/// {groups, places, channels} to {places, groups, channels}.
template <class T>
void join_groups(const Array<T>& split, T* to) {
  const std::size_t groups = split.shape(0);
  const std::size_t places = split.shape(1);
  const std::size_t channels = split.shape(2);
  const T* from = split.data();
  parallel_for(places, grain / (groups * channels + 1) + 1, [=](std::size_t begin, std::size_t end) {
    for (std::size_t p = begin; p < end; ++p) {
      for (std::size_t g = 0; g < groups; ++g) {
        std::copy_n(from + (g * places + p) * channels, channels, to + (p * groups + g) * channels);
      }
    }
  });
}

Window of_one_group(Window window, std::size_t groups) {
  window.channels /= groups;
  return window;
}

/// Where the part of group g starts in an array of equal parts.
template <class T>
T* part(T* array, std::size_t size, std::size_t groups, std::size_t g) {
  return array == nullptr ? nullptr : array + size / groups * g;
}

// Depthwise: each channel of the images makes `outputs / channels` channels of the result.

/// Calls `body(c, o)` for each channel o of the result and the channel c of the images that it belongs to.
template <class Body>
void for_outputs(std::size_t channels, std::size_t outputs, Body&& body) {
  if (outputs == channels) {
#pragma omp simd
    for (std::size_t c = 0; c < channels; ++c) body(c, c);
    return;
  }
  const std::size_t each = outputs / channels;
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t o = c * each; o < (c + 1) * each; ++o) body(c, o);
  }
}

/// Calls `body(pixel, tap)` for those taps of an output that lie inside the image and in the rows u of the
/// window.
template <class Body>
void for_taps(const Window& window, const OutputPlace& place, IndexRange u, Body&& body) {
  const IndexRange v = window.columns.taps(place.column);
  for (std::size_t i = u.first; i < u.last; ++i) {
    const std::size_t row = place.image * window.rows.input + window.rows.entry(place.row, i);
    for (std::size_t j = v.first; j < v.last; ++j) {
      body(row * window.columns.input + window.columns.entry(place.column, j), i * window.columns.window + j);
    }
  }
}

/// Between {O, taps} and {taps, O}.
template <class T>
void transpose_weight(std::size_t rows, std::size_t columns, const T* from, T* to) {
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < columns; ++j) to[j * rows + i] = from[i * columns + j];
  }
}

template <class T>
void depthwise(const Window& window, std::size_t outputs, const T* images, const T* weight, const T* bias,
               T* result) {
  const std::size_t channels = window.channels;
  Array<T> by_tap = empty<T>({tap_count(window), outputs});
  transpose_weight(outputs, tap_count(window), weight, by_tap.data());
  const T* taps = by_tap.data();
  parallel_for(
      place_count(window), grain / (tap_count(window) * outputs + 1) + 1,
      [&](std::size_t begin, std::size_t end) {
        OutputPlace place(window, begin);
        for (std::size_t p = begin; p < end; ++p, place.advance(window)) {
          T* out = result + p * outputs;
          if (bias != nullptr) {
            std::copy_n(bias, outputs, out);
          } else {
            std::fill_n(out, outputs, T(0));
          }
          for_taps(window, place, window.rows.taps(place.row), [=](std::size_t pixel, std::size_t tap) {
            const T* x = images + pixel * channels;
            const T* w = taps + tap * outputs;
            for_outputs(channels, outputs, [=](std::size_t c, std::size_t o) { out[o] += x[c] * w[o]; });
          });
        }
      });
}

template <class T>
void depthwise_input_gradient(const Window& window, std::size_t outputs, const T* gradient, const T* weight,
                              T* images) {
  const std::size_t channels = window.channels;
  const std::size_t height = window.rows.input;
  const std::size_t row_size = window.columns.input * channels;
  const std::size_t row_work = window.columns.output * tap_count(window) * outputs;
  Array<T> by_tap = empty<T>({tap_count(window), outputs});
  transpose_weight(outputs, tap_count(window), weight, by_tap.data());
  const T* taps = by_tap.data();
  // A thread owns some rows of the images: it adds what reaches into them.
  parallel_for(window.images * height, grain / (row_work + 1) + 1, [&](std::size_t begin, std::size_t end) {
    std::fill(images + begin * row_size, images + end * row_size, T(0));
    const IndexRange rows = window.output_rows_over(begin, end);
    const std::size_t first = rows.first * window.columns.output;
    const std::size_t last = rows.last * window.columns.output;
    if (first >= last) return;
    OutputPlace place(window, first);
    for (std::size_t p = first; p < last; ++p, place.advance(window)) {
      const T* g = gradient + p * outputs;
      const std::size_t top = place.image * height;
      const IndexRange owned = window.rows.taps(place.row, std::clamp(begin, top, top + height) - top,
                                                std::clamp(end, top, top + height) - top);
      for_taps(window, place, owned, [=](std::size_t pixel, std::size_t tap) {
        T* to = images + pixel * channels;
        const T* w = taps + tap * outputs;
        for_outputs(channels, outputs, [=](std::size_t c, std::size_t o) { to[c] += g[o] * w[o]; });
      });
    }
  });
}

template <class T>
void depthwise_weight_gradient(const Window& window, std::size_t outputs, const T* images, const T* gradient,
                               T* weight) {
  const std::size_t channels = window.channels;
  const std::size_t size = tap_count(window) * outputs;
  const std::size_t threads = thread_count(place_count(window), grain / (size + 1) + 16);
  Array<T> sums = full<T>({threads, size}, T(0));
  parallel_parts(place_count(window), threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
    T* sum = sums.data() + thread * size;
    OutputPlace place(window, begin);
    for (std::size_t p = begin; p < end; ++p, place.advance(window)) {
      const T* g = gradient + p * outputs;
      for_taps(window, place, window.rows.taps(place.row), [=](std::size_t pixel, std::size_t tap) {
        const T* x = images + pixel * channels;
        T* to = sum + tap * outputs;
        for_outputs(channels, outputs, [=](std::size_t c, std::size_t o) { to[o] += x[c] * g[o]; });
      });
    }
  });
  T* total = sums.data();
  for (std::size_t t = 1; t < threads; ++t) {
    for (std::size_t i = 0; i < size; ++i) total[i] += total[t * size + i];
  }
  transpose_weight(tap_count(window), outputs, total, weight);
}

}  // namespace

template <class T>
void grouped_conv2d(const Window& window, std::size_t outputs, std::size_t groups, const T* images,
                    const T* weight, const T* bias, T* result) {
  if (groups == 1) return conv2d(window, outputs, images, weight, bias, result);
  if constexpr (std::is_same_v<T, float>) {
    if (onednn::conv2d(window, outputs, images, weight, bias, result, groups)) return;
  }
  if (groups == window.channels) return depthwise(window, outputs, images, weight, bias, result);
  const Window one = of_one_group(window, groups);
  Array<T> x = split_groups(images, pixel_count(window), groups, one.channels);
  Array<T> y = empty<T>({groups, place_count(window), outputs / groups});
  const std::size_t weights = outputs * tap_count(one) * one.channels;
  for (std::size_t g = 0; g < groups; ++g) {
    conv2d<T>(one, outputs / groups, part(x.data(), x.size(), groups, g), part(weight, weights, groups, g),
              part(bias, outputs, groups, g), part(y.data(), y.size(), groups, g));
  }
  join_groups(y, result);
}

template <class T>
void grouped_conv2d_input_gradient(const Window& window, std::size_t outputs, std::size_t groups,
                                   const T* gradient, const T* weight, T* images) {
  if (groups == 1) return conv2d_input_gradient(window, outputs, gradient, weight, images);
  if constexpr (std::is_same_v<T, float>) {
    if (onednn::conv2d_input_gradient(window, outputs, gradient, weight, images, groups)) return;
  }
  if (groups == window.channels) {
    return depthwise_input_gradient(window, outputs, gradient, weight, images);
  }
  const Window one = of_one_group(window, groups);
  Array<T> y = split_groups(gradient, place_count(window), groups, outputs / groups);
  Array<T> x = empty<T>({groups, pixel_count(window), one.channels});
  const std::size_t weights = outputs * tap_count(one) * one.channels;
  for (std::size_t g = 0; g < groups; ++g) {
    conv2d_input_gradient<T>(one, outputs / groups, part(y.data(), y.size(), groups, g),
                             part(weight, weights, groups, g), part(x.data(), x.size(), groups, g));
  }
  join_groups(x, images);
}

template <class T>
void grouped_conv2d_weight_gradient(const Window& window, std::size_t outputs, std::size_t groups,
                                    const T* images, const T* gradient, T* weight) {
  if (groups == 1) return conv2d_weight_gradient(window, outputs, images, gradient, weight);
  if constexpr (std::is_same_v<T, float>) {
    if (onednn::conv2d_weight_gradient(window, outputs, images, gradient, weight, groups)) return;
  }
  if (groups == window.channels) {
    return depthwise_weight_gradient(window, outputs, images, gradient, weight);
  }
  const Window one = of_one_group(window, groups);
  Array<T> x = split_groups(images, pixel_count(window), groups, one.channels);
  Array<T> y = split_groups(gradient, place_count(window), groups, outputs / groups);
  const std::size_t weights = outputs * tap_count(one) * one.channels;
  for (std::size_t g = 0; g < groups; ++g) {
    conv2d_weight_gradient<T>(one, outputs / groups, part(x.data(), x.size(), groups, g),
                              part(y.data(), y.size(), groups, g), part(weight, weights, groups, g));
  }
}

#define XGRAD_INSTANTIATE(T)                                                                             \
  template void grouped_conv2d<T>(const Window&, std::size_t, std::size_t, const T*, const T*, const T*, \
                                  T*);                                                                   \
  template void grouped_conv2d_input_gradient<T>(const Window&, std::size_t, std::size_t, const T*,      \
                                                 const T*, T*);                                          \
  template void grouped_conv2d_weight_gradient<T>(const Window&, std::size_t, std::size_t, const T*,     \
                                                  const T*, T*);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::kernels
