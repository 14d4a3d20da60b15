#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/convolution.hpp>
#include <autodiff/kernels/few_channels.hpp>
#include <autodiff/kernels/gemm.hpp>
#include <autodiff/kernels/im2col.hpp>
#include <autodiff/kernels/onednn.hpp>
#include <autodiff/kernels/parallel.hpp>

namespace xgrad::kernels {
namespace {

/// The sizes of a convolution's matrix product, and its division into blocks.
template <class T>
struct ColumnProduct {
  std::size_t outputs;           ///< O
  std::size_t places;            ///< P
  std::size_t taps;              ///< K
  bool columns_are_images;       ///< no columns need to be computed
  std::size_t block;             ///< rows of the columns computed at a time
  std::size_t buffer;            ///< entries of a thread's block
  std::size_t places_per_grain;  ///< below this many, a second thread costs more than it saves

  ColumnProduct(const Window& window, std::size_t output_channels)
      : outputs(output_channels),
        places(window.place_count()),
        taps(window.tap_count() * window.channels),
        columns_are_images(are_columns(window)) {
    constexpr std::size_t cache = (std::size_t{1} << 18) / sizeof(T);  // a quarter of the L2 cache
    constexpr std::size_t cache_of_images = (std::size_t{1} << 23) / sizeof(T);
    const std::size_t row = std::max<std::size_t>(taps, 1);
    block = std::max<std::size_t>((columns_are_images ? cache_of_images : cache) / row, 32);
    block = std::clamp<std::size_t>(block, 1, std::max<std::size_t>(places, 1));
    buffer = columns_are_images ? 0 : (block * taps + run_slack<T> + 15) / 16 * 16;
    constexpr std::size_t products = std::size_t{1} << 18;
    places_per_grain = products / (row * std::max<std::size_t>(outputs, 1)) + 1;
    check_product(block, outputs, taps, taps, outputs, taps);  // nothing may throw in the parallel region
  }

  /// True for 1x1 convolutions and for windows as large as the image: the images are then the columns.
  static bool are_columns(const Window& window) {
    const auto [n, channels, rows, cols] = window;
    if (rows.before != 0 || cols.before != 0) return false;
    if (rows.window == 1 && cols.window == 1) {
      return rows.output == rows.input && cols.output == cols.input && rows.stride == 1 && cols.stride == 1;
    }
    return rows.window == rows.input && cols.window == cols.input && rows.output == 1 && cols.output == 1 &&
           rows.dilation == 1 && cols.dilation == 1;
  }

  /// Calls `body(block)` for the blocks of a thread's part.
  template <class Body>
  void for_blocks(IndexRange part, Body&& body) const {
    for (std::size_t first = part.first; first < part.last; first += block) {
      body(IndexRange{first, std::min(part.last, first + block)});
    }
  }

  /// The columns of a block: computed in `memory`, or part of the images if these are the columns.
  const T* columns(const Window& window, IndexRange part, const T* images, T* memory) const {
    if (columns_are_images) return images + part.first * taps;
    im2col(window, part, images, memory, memory + buffer);
    return memory;
  }
};

template <class T>
void conv2d_by_columns(const Window& window, std::size_t outputs, const T* images, const T* weight,
                       const T* bias, T* result) {
  const ColumnProduct<T> product(window, outputs);
  const std::size_t threads = thread_count(product.places, product.places_per_grain);
  Array<T> memory = empty<T>({threads, product.buffer});
  parallel_parts(product.places, threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
    product.for_blocks({begin, end}, [&](IndexRange block) {
      const T* columns = product.columns(window, block, images, memory.data() + thread * product.buffer);
      T* out = result + block.first * outputs;
      if (bias != nullptr) {
        for (std::size_t p = 0; p < block.last - block.first; ++p)
          std::copy_n(bias, outputs, out + p * outputs);
      }
      gemm<T>(false, true, block.last - block.first, outputs, product.taps, T(1), columns, product.taps,
              weight, product.taps, bias != nullptr ? T(1) : T(0), out, outputs);
    });
  });
}

template <class T>
void conv2d_input_gradient_by_columns(const Window& window, std::size_t outputs, const T* gradient,
                                      const T* weight, T* images) {
  const ColumnProduct<T> product(window, outputs);
  const auto multiply = [&](IndexRange block, T* out) {
    gemm<T>(false, false, block.last - block.first, product.taps, outputs, T(1),
            gradient + block.first * outputs, outputs, weight, product.taps, T(0), out, product.taps);
  };
  const std::size_t threads = thread_count(product.places, product.places_per_grain);
  if (product.columns_are_images) {
    parallel_parts(product.places, threads, [&](std::size_t begin, std::size_t end, std::size_t) {
      product.for_blocks({begin, end},
                         [&](IndexRange block) { multiply(block, images + block.first * product.taps); });
    });
    return;
  }
  // Each thread owns some rows of the images and computes the columns of all outputs that reach into them.
  // Outputs at a boundary are computed by both threads, so that no two threads add to the same entry.
  const std::size_t rows = window.images * window.rows.input;
  const std::size_t row_size = window.columns.input * window.channels;
  Array<T> memory = empty<T>({threads, product.buffer});
  parallel_parts(rows, std::min(threads, std::max<std::size_t>(rows, 1)),
                 [&](std::size_t begin, std::size_t end, std::size_t thread) {
                   std::fill(images + begin * row_size, images + end * row_size, T(0));
                   const IndexRange output_rows = window.output_rows_over(begin, end);
                   T* columns = memory.data() + thread * product.buffer;
                   product.for_blocks(
                       {output_rows.first * window.columns.output, output_rows.last * window.columns.output},
                       [&](IndexRange block) {
                         multiply(block, columns);
                         col2im(window, block, {begin, end}, columns, images);
                       });
                 });
}

template <class T>
void conv2d_weight_gradient_by_columns(const Window& window, std::size_t outputs, const T* images,
                                       const T* gradient, T* weight) {
  const ColumnProduct<T> product(window, outputs);
  const std::size_t size = outputs * product.taps;
  // A second thread also needs a second sum of the size of the weight.
  const std::size_t grain = product.places_per_grain + 16;
  const std::size_t threads = thread_count(product.places, grain);
  Array<T> memory = empty<T>({threads, product.buffer});
  Array<T> sums = empty<T>({threads - 1, size});
  if (product.places == 0) std::fill_n(weight, size, T(0));
  parallel_parts(product.places, threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
    T* sum = thread == 0 ? weight : sums.data() + (thread - 1) * size;
    product.for_blocks({begin, end}, [&](IndexRange block) {
      const T* columns = product.columns(window, block, images, memory.data() + thread * product.buffer);
      gemm<T>(true, false, outputs, product.taps, block.last - block.first, T(1),
              gradient + block.first * outputs, outputs, columns, product.taps,
              block.first == begin ? T(0) : T(1), sum, product.taps);
    });
  });
  for (std::size_t t = 0; t + 1 < threads; ++t) {
    for (std::size_t i = 0; i < size; ++i) weight[i] += sums.data()[t * size + i];
  }
}

constexpr ConvolutionBackend backends[] = {
    {"few_channels", "few channels on one side, whose lanes oneDNN would leave idle", few_channels::conv2d,
     few_channels::conv2d_input_gradient, few_channels::conv2d_weight_gradient},
    {"oneDNN", "all that it has a kernel for on channels-last images without reordering them",
     [](const Window& window, std::size_t outputs, const float* images, const float* weight,
        const float* bias,
        float* result) { return onednn::conv2d(window, outputs, images, weight, bias, result); },
     [](const Window& window, std::size_t outputs, const float* gradient, const float* weight,
        float* images) { return onednn::conv2d_input_gradient(window, outputs, gradient, weight, images); },
     [](const Window& window, std::size_t outputs, const float* images, const float* gradient,
        float* weight) { return onednn::conv2d_weight_gradient(window, outputs, images, gradient, weight); }},
    {"im2col", "everything, by matrix products",
     [](const Window& window, std::size_t outputs, const float* images, const float* weight,
        const float* bias, float* result) {
       conv2d_by_columns(window, outputs, images, weight, bias, result);
       return true;
     },
     [](const Window& window, std::size_t outputs, const float* gradient, const float* weight,
        float* images) {
       conv2d_input_gradient_by_columns(window, outputs, gradient, weight, images);
       return true;
     },
     [](const Window& window, std::size_t outputs, const float* images, const float* gradient,
        float* weight) {
       conv2d_weight_gradient_by_columns(window, outputs, images, gradient, weight);
       return true;
     }},
};

}  // namespace

std::span<const ConvolutionBackend> convolution_backends() { return backends; }

template <class T>
void conv2d(const Window& window, std::size_t outputs, const T* images, const T* weight, const T* bias,
            T* result) {
  if constexpr (std::is_same_v<T, float>) {
    for (const ConvolutionBackend& each : backends) {
      if (each.conv2d(window, outputs, images, weight, bias, result)) return;
    }
  } else {
    conv2d_by_columns(window, outputs, images, weight, bias, result);
  }
}

template <class T>
void conv2d_input_gradient(const Window& window, std::size_t outputs, const T* gradient, const T* weight,
                           T* images) {
  if constexpr (std::is_same_v<T, float>) {
    for (const ConvolutionBackend& each : backends) {
      if (each.conv2d_input_gradient(window, outputs, gradient, weight, images)) return;
    }
  } else {
    conv2d_input_gradient_by_columns(window, outputs, gradient, weight, images);
  }
}

template <class T>
void conv2d_weight_gradient(const Window& window, std::size_t outputs, const T* images, const T* gradient,
                            T* weight) {
  if constexpr (std::is_same_v<T, float>) {
    for (const ConvolutionBackend& each : backends) {
      if (each.conv2d_weight_gradient(window, outputs, images, gradient, weight)) return;
    }
  } else {
    conv2d_weight_gradient_by_columns(window, outputs, images, gradient, weight);
  }
}

#define XGRAD_INSTANTIATE(T)                                                                  \
  template void conv2d<T>(const Window&, std::size_t, const T*, const T*, const T*, T*);      \
  template void conv2d_input_gradient<T>(const Window&, std::size_t, const T*, const T*, T*); \
  template void conv2d_weight_gradient<T>(const Window&, std::size_t, const T*, const T*, T*);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad::kernels
