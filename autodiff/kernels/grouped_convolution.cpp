#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/convolution.hpp>
#include <autodiff/kernels/grouped_convolution.hpp>
#include <autodiff/kernels/im2col.hpp>
#include <autodiff/kernels/onednn.hpp>
#include <autodiff/kernels/parallel.hpp>
#include <autodiff/kernels/transpose.hpp>

namespace xgrad::kernels {
namespace {

/// Multiply-adds of a depthwise convolution, or entries to be copied, that are worth a thread.
constexpr std::size_t grain = std::size_t{1} << 15;

std::size_t pixel_count(const Window& window) {
  return window.images * window.rows.input * window.columns.input;
}

// Groups one after the other: the channels of each group are gathered, and the results scattered back.

/// Copies {places, groups, channels} to {groups, places, channels}.
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

/// Copies {groups, places, channels} to {places, groups, channels}.
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

/// The start of the part of group g in an array of equal parts; null for a null array.
template <class T>
T* part(T* array, std::size_t size, std::size_t groups, std::size_t g) {
  return array == nullptr ? nullptr : array + size / groups * g;
}

// Depthwise: each input channel has `each` output channels. Outputs are computed in the order
// {each, channels}, so that the inner loop runs over the channels, and stored in the order {channels, each}.

/// Calls `body(c, k)` for the input channels c and the indices k of their outputs in {each, channels}.
template <class Body>
void for_products(std::size_t channels, std::size_t each, Body&& body) {
  for (std::size_t first = 0; first < each * channels; first += channels) {
#pragma omp simd
    for (std::size_t c = 0; c < channels; ++c) body(c, first + c);
  }
}

/// Transposes {rows, columns} to {columns, rows}.
template <class T>
void transpose_entries(std::size_t rows, std::size_t columns, const T* from, T* to) {
  transpose_block(from, columns, rows, columns, to, rows);
}

/// The weight {channels, each, taps} as {taps, each, channels}.
template <class T>
Array<T> by_taps(std::size_t channels, std::size_t each, std::size_t taps, const T* weight) {
  Array<T> result = empty<T>({taps, each, channels});
  T* next = result.data();
  for (std::size_t t = 0; t < taps; ++t) {
    for (std::size_t r = 0; r < each; ++r) {
      for (std::size_t c = 0; c < channels; ++c) *next++ = weight[(c * each + r) * taps + t];
    }
  }
  return result;
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

template <class T>
void depthwise(const Window& window, std::size_t outputs, const T* images, const T* weight, const T* bias,
               T* result) {
  const std::size_t channels = window.channels;
  const std::size_t each = outputs / channels;
  const Array<T> weights = by_taps(channels, each, window.tap_count(), weight);
  Array<T> start = full<T>({outputs}, T(0));
  if (bias != nullptr) transpose_entries(channels, each, bias, start.data());
  const std::size_t threads =
      thread_count(window.place_count(), grain / (window.tap_count() * outputs + 1) + 1);
  const std::size_t buffer = each == 1 ? 0 : outputs;
  Array<T> memory = empty<T>({threads, buffer});
  parallel_parts(window.place_count(), threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
    OutputPlace place(window, begin);
    for (std::size_t p = begin; p < end; ++p, place.advance(window)) {
      T* out = each == 1 ? result + p * outputs : memory.data() + thread * buffer;
      std::copy_n(start.data(), outputs, out);
      for_taps(window, place, window.rows.taps(place.row), [&](std::size_t pixel, std::size_t tap) {
        const T* x = images + pixel * channels;
        const T* w = weights.data() + tap * outputs;
        for_products(channels, each, [=](std::size_t c, std::size_t k) { out[k] += x[c] * w[k]; });
      });
      if (each > 1) transpose_entries(each, channels, out, result + p * outputs);
    }
  });
}

/// The gradient of output p as {each, channels}: in place, or transposed to `memory`.
template <class T>
const T* gradient_of(const T* gradient, std::size_t p, std::size_t channels, std::size_t each, T* memory) {
  const T* g = gradient + p * channels * each;
  if (each == 1) return g;
  transpose_entries(channels, each, g, memory);
  return memory;
}

template <class T>
void depthwise_input_gradient(const Window& window, std::size_t outputs, const T* gradient, const T* weight,
                              T* images) {
  const std::size_t channels = window.channels;
  const std::size_t each = outputs / channels;
  const std::size_t height = window.rows.input;
  const std::size_t row_size = window.columns.input * channels;
  const std::size_t row_work = window.columns.output * window.tap_count() * outputs;
  const Array<T> weights = by_taps(channels, each, window.tap_count(), weight);
  const std::size_t threads = thread_count(window.images * height, grain / (row_work + 1) + 1);
  const std::size_t buffer = each == 1 ? 0 : outputs;
  Array<T> memory = empty<T>({threads, buffer});
  // Each thread owns some rows of the images and adds all contributions to them.
  parallel_parts(
      window.images * height, threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
        std::fill(images + begin * row_size, images + end * row_size, T(0));
        const IndexRange rows = window.output_rows_over(begin, end);
        const std::size_t first = rows.first * window.columns.output;
        const std::size_t last = rows.last * window.columns.output;
        if (first >= last) return;
        OutputPlace place(window, first);
        for (std::size_t p = first; p < last; ++p, place.advance(window)) {
          const T* g = gradient_of(gradient, p, channels, each, memory.data() + thread * buffer);
          const std::size_t top = place.image * height;
          const IndexRange owned = window.rows.taps(place.row, std::clamp(begin, top, top + height) - top,
                                                    std::clamp(end, top, top + height) - top);
          for_taps(window, place, owned, [&](std::size_t pixel, std::size_t tap) {
            T* to = images + pixel * channels;
            const T* w = weights.data() + tap * outputs;
            for_products(channels, each, [=](std::size_t c, std::size_t k) { to[c] += g[k] * w[k]; });
          });
        }
      });
}

template <class T>
void depthwise_weight_gradient(const Window& window, std::size_t outputs, const T* images, const T* gradient,
                               T* weight) {
  const std::size_t channels = window.channels;
  const std::size_t each = outputs / channels;
  const std::size_t taps = window.tap_count();
  const std::size_t size = taps * outputs;
  const std::size_t threads = thread_count(window.place_count(), grain / (size + 1) + 16);
  Array<T> sums = full<T>({threads, size}, T(0));  // {taps, each, channels} per thread
  const std::size_t buffer = each == 1 ? 0 : outputs;
  Array<T> memory = empty<T>({threads, buffer});
  parallel_parts(window.place_count(), threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
    T* sum = sums.data() + thread * size;
    OutputPlace place(window, begin);
    for (std::size_t p = begin; p < end; ++p, place.advance(window)) {
      const T* g = gradient_of(gradient, p, channels, each, memory.data() + thread * buffer);
      for_taps(window, place, window.rows.taps(place.row), [=](std::size_t pixel, std::size_t tap) {
        const T* x = images + pixel * channels;
        T* to = sum + tap * outputs;
        for_products(channels, each, [=](std::size_t c, std::size_t k) { to[k] += x[c] * g[k]; });
      });
    }
  });
  T* total = sums.data();
  for (std::size_t t = 1; t < threads; ++t) {
    for (std::size_t i = 0; i < size; ++i) total[i] += total[t * size + i];
  }
  for (std::size_t c = 0; c < channels; ++c) {
    for (std::size_t r = 0; r < each; ++r) {
      for (std::size_t t = 0; t < taps; ++t) *weight++ = total[(t * each + r) * channels + c];
    }
  }
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
  Array<T> y = empty<T>({groups, window.place_count(), outputs / groups});
  const std::size_t weights = outputs * one.tap_count() * one.channels;
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
  Array<T> y = split_groups(gradient, window.place_count(), groups, outputs / groups);
  Array<T> x = empty<T>({groups, pixel_count(window), one.channels});
  const std::size_t weights = outputs * one.tap_count() * one.channels;
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
  Array<T> y = split_groups(gradient, window.place_count(), groups, outputs / groups);
  const std::size_t weights = outputs * one.tap_count() * one.channels;
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
