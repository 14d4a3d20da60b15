#include <autodiff/array.hpp>
#include <autodiff/kernels/batch.hpp>
#include <autodiff/kernels/few_channels.hpp>
#include <autodiff/kernels/interleave.hpp>
#include <autodiff/kernels/parallel.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace xgrad::kernels::few_channels {
namespace {

using xgrad::detail::Window;
using Vector = Batch<float>;

constexpr std::size_t width = Vector::size;
constexpr std::size_t most_channels = width / 2;  // on the side with few of them
/// Sums that are kept in registers at a time; the other registers hold operands.
constexpr std::size_t kept_sums = width == 16 ? 24 : 12;

/// The number of vectors of positions, or of taps, whose sums for all outputs are kept at a time.
template <std::size_t outputs>
constexpr std::size_t kept_at_once = std::clamp<std::size_t>(kept_sums / outputs, 1, 8);

constexpr std::size_t rounded_up(std::size_t count) { return (count + width - 1) / width * width; }

/// The division of a convolution into strips, each of some rows of one image's result, and the layout of a
/// strip's planes: {rows, channels, row}, each row of a single channel, padded with zeros.
struct Strips {
  const Window& window;
  std::size_t taps;       ///< kH kW I, in the order of the planes: row, channel, column
  std::size_t row;        ///< of a plane: whole vectors, the reach of the taps, and a spare vector
  std::size_t vectors;    ///< that cover a row of the result
  std::size_t rows;       ///< of the result in a strip
  std::size_t per_image;  ///< strips

  explicit Strips(const Window& w)
      : window(w),
        taps(w.tap_count() * w.channels),
        row(rounded_up(w.columns.output) + w.columns.reach() - 1 + width),
        vectors(rounded_up(w.columns.output) / width) {
    constexpr std::size_t cache = std::size_t{1} << 13;  // entries: most of the L1 cache
    const std::size_t plane = row * w.channels;
    const std::size_t reach = w.rows.reach();
    const std::size_t fit = cache / plane;
    rows = std::clamp<std::size_t>(fit <= reach ? 1 : (fit - reach) / w.rows.stride + 1, 1, w.rows.output);
    per_image = (w.rows.output + rows - 1) / rows;
  }

  std::size_t count() const { return window.images * per_image; }
  std::size_t image(std::size_t strip) const { return strip / per_image; }
  std::size_t first_row(std::size_t strip) const { return strip % per_image * rows; }
  std::size_t last_row(std::size_t strip) const {
    return std::min(first_row(strip) + rows, window.rows.output);
  }
  std::size_t planes_size() const {
    return ((rows - 1) * window.rows.stride + window.rows.reach()) * window.channels * row;
  }
  /// The distance in the planes between two rows of the result.
  std::size_t row_step() const { return window.rows.stride * window.channels * row; }

  /// The offset of each tap in the planes, relative to the first tap.
  Array<std::size_t> offsets() const {
    Array<std::size_t> result(Shape{taps});
    std::size_t* next = result.data();
    for (std::size_t u = 0; u < window.rows.window; ++u) {
      for (std::size_t c = 0; c < window.channels; ++c) {
        for (std::size_t v = 0; v < window.columns.window; ++v) {
          *next++ = (u * window.rows.dilation * window.channels + c) * row + v * window.columns.dilation;
        }
      }
    }
    return result;
  }

  /// Copies the image entries under the taps of a strip to `planes`.
  void read_planes(std::size_t strip, const float* images, float* planes) const {
    const auto& [n, channels, r, c] = window;
    const std::size_t image_size = r.input * c.input * channels;
    const std::size_t first = first_row(strip) * r.stride;  // counted from the first row of the padding
    const std::size_t last = (last_row(strip) - 1) * r.stride + r.reach();
    const float* top = images + image(strip) * image_size;
    const float* end = images + n * image_size;
    const std::size_t before = std::min(c.before, row - width);
    const std::size_t inside = std::min(c.input, row - width - before);
    for (std::size_t i = first; i < last; ++i, planes += channels * row) {
      if (i < r.before || i >= r.before + r.input) {
        std::fill_n(planes, channels * row, 0.0F);
        continue;
      }
      const float* from = top + (i - r.before) * c.input * channels;
      if (channels <= most_channels) {
        with_count<most_channels>(
            channels, [&](auto count) { separate_rows<count>(from, end, inside, planes + before, row); });
      } else {
        transpose_block(from, channels, inside, channels, planes + before, row);
      }
      for (std::size_t k = 0; k < channels; ++k) {
        std::fill_n(planes + k * row, before, 0.0F);
        std::fill(planes + k * row + before + inside, planes + (k + 1) * row, 0.0F);
      }
    }
  }
};

/// Whether the lanes are well used, and filling the planes is cheap compared with the work done on them.
bool suits(const Window& window, std::size_t few) {
  const std::size_t places = window.columns.output;
  const std::size_t products = window.tap_count() * few;
  return few > 0 && few <= most_channels && window.columns.stride == 1 && window.channels > 0 &&
         window.channels <= 16 && places > 0 && 4 * places >= 3 * rounded_up(places) && products >= 32 &&
         window.images > 0 && window.rows.output > 0;
}

/// The number of strips that are worth a thread.
std::size_t grain(const Strips& strips, std::size_t outputs) {
  constexpr std::size_t products = std::size_t{1} << 19;
  return products / (strips.rows * strips.window.columns.output * strips.taps * outputs) + 1;
}

/// The sums over all taps at some vectors of positions, for all outputs at once.
template <std::size_t outputs>
struct Sums {
  static constexpr std::size_t vectors = kept_at_once<outputs>;

  std::array<const float*, vectors> planes;
  std::array<float*, vectors> to;
  std::size_t places;  ///< to be written

  void compute(const Array<std::size_t>& offsets, const float* weight, const float* bias) {
    std::array<std::array<Vector, outputs>, vectors> sums;
#pragma GCC unroll 8
    for (std::size_t o = 0; o < outputs; ++o) {
      const Vector start(bias == nullptr ? 0.0F : bias[o]);
#pragma GCC unroll 8
      for (std::size_t v = 0; v < vectors; ++v) sums[v][o] = start;
    }
    const std::size_t* offset = offsets.data();
    for (std::size_t t = 0; t < offsets.size(); ++t, weight += outputs) {
      std::array<Vector, vectors> x;
#pragma GCC unroll 8
      for (std::size_t v = 0; v < vectors; ++v) x[v] = Vector::load_unaligned(planes[v] + offset[t]);
#pragma GCC unroll 8
      for (std::size_t o = 0; o < outputs; ++o) {
        const Vector factor(weight[o]);
#pragma GCC unroll 8
        for (std::size_t v = 0; v < vectors; ++v) sums[v][o] = multiply_add<float>(x[v], factor, sums[v][o]);
      }
    }
#pragma GCC unroll 8
    for (std::size_t v = 0; v < vectors; ++v) {
      std::array<Vector, outputs> done;  // its address may be taken, so that the sums stay in registers
#pragma GCC unroll 8
      for (std::size_t o = 0; o < outputs; ++o) done[o] = sums[v][o];
      write(interleave<float>(done), to[v]);
    }
  }

 private:
  void write(const std::array<Vector, outputs>& interleaved, float* out) const {
    float entries[outputs * width];
    float* to = places == width ? out : entries;
#pragma GCC unroll 8
    for (std::size_t j = 0; j < outputs; ++j) interleaved[j].store_unaligned(to + j * width);
    if (places < width) std::copy_n(entries, places * outputs, out);
  }
};

/// The convolution; `weight` is {taps, outputs}, in the order of the planes.
template <std::size_t outputs>
void convolve(const Window& window, const float* images, const float* weight, const float* bias,
              float* result) {
  const Strips strips(window);
  const Array<std::size_t> offsets = strips.offsets();
  const std::size_t threads = thread_count(strips.count(), grain(strips, outputs));
  Array<float> memory(Shape{threads, strips.planes_size()});
  const std::size_t columns = window.columns.output;
  parallel_parts(strips.count(), threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
    float* planes = memory.data() + thread * strips.planes_size();
    for (std::size_t strip = begin; strip < end; ++strip) {
      strips.read_planes(strip, images, planes);
      const std::size_t first = strips.first_row(strip);
      float* out = result + (strips.image(strip) * window.rows.output + first) * columns * outputs;
      const std::size_t count = (strips.last_row(strip) - first) * strips.vectors;
      Sums<outputs> sums;
      sums.places = std::min(columns, width);
      for (std::size_t i = 0; i < count; i += sums.vectors) {
        for (std::size_t v = 0; v < sums.vectors; ++v) {
          // The last vector of a row overlaps the one before it; surplus vectors at the end of a strip repeat
          // the last one.
          const std::size_t at = std::min(i + v, count - 1);
          const std::size_t row = at / strips.vectors;
          const std::size_t column = std::min(at % strips.vectors * width, columns - sums.places);
          sums.planes[v] = planes + row * strips.row_step() + column;
          sums.to[v] = out + (row * columns + column) * outputs;
        }
        sums.compute(offsets, weight, bias);
      }
    }
  });
}

/// Adds the products of gradient and images to the sums of the weight gradient: {taps, outputs}, a vector
/// each.
template <std::size_t outputs>
struct Products {
  static constexpr std::size_t together = kept_at_once<outputs>;  // taps

  const Strips& strips;
  std::size_t rows;

  void add(const Array<std::size_t>& offsets, const float* planes, const float* gradient, float* sums) const {
    const std::size_t taps = offsets.size();
    for (std::size_t first = 0; first < taps; first += together) {
      std::array<const float*, together> x;
      std::array<float*, together> at;
      std::array<std::array<Vector, outputs>, together> kept;
#pragma GCC unroll 8
      for (std::size_t t = 0; t < together; ++t) {
        const std::size_t tap =
            std::min(first + t, taps - 1);  // a repeated tap is computed twice, with the same result
        x[t] = planes + offsets.data()[tap];
        at[t] = sums + tap * outputs * width;
#pragma GCC unroll 8
        for (std::size_t o = 0; o < outputs; ++o) kept[t][o] = Vector::load_aligned(at[t] + o * width);
      }
      const float* g = gradient;
      for (std::size_t row = 0; row < rows; ++row) {
        const std::size_t begin = row * strips.row_step();
        for (std::size_t v = 0; v < strips.vectors; ++v, g += outputs * width) {
          std::array<Vector, outputs> factors;
#pragma GCC unroll 8
          for (std::size_t o = 0; o < outputs; ++o) factors[o] = Vector::load_aligned(g + o * width);
#pragma GCC unroll 8
          for (std::size_t t = 0; t < together; ++t) {
            const Vector entry = Vector::load_unaligned(x[t] + begin + v * width);
#pragma GCC unroll 8
            for (std::size_t o = 0; o < outputs; ++o)
              kept[t][o] = multiply_add<float>(entry, factors[o], kept[t][o]);
          }
        }
      }
#pragma GCC unroll 8
      for (std::size_t t = 0; t < together; ++t) {
#pragma GCC unroll 8
        for (std::size_t o = 0; o < outputs; ++o) kept[t][o].store_aligned(at[t] + o * width);
      }
    }
  }
};

/// The weight gradient, written as {taps, outputs} in the order of the planes.
template <std::size_t outputs>
void correlate(const Window& window, const float* images, const float* gradient, float* weight) {
  const Strips strips(window);
  const Array<std::size_t> offsets = strips.offsets();
  const std::size_t threads = thread_count(strips.count(), grain(strips, outputs));
  const std::size_t row = strips.vectors * width;
  const std::size_t columns = window.columns.output;
  Array<float> planes_memory(Shape{threads, strips.planes_size()});
  Array<float> gradient_memory(Shape{threads, strips.rows, outputs, row});
  Array<float> sums_memory = full<float>(Shape{threads, strips.taps, outputs, width}, 0.0F);
  const std::size_t sums_size = strips.taps * outputs * width;
  const float* gradient_end = gradient + window.images * window.rows.output * columns * outputs;
  parallel_parts(strips.count(), threads, [&](std::size_t begin, std::size_t end, std::size_t thread) {
    float* planes = planes_memory.data() + thread * strips.planes_size();
    float* rows = gradient_memory.data() + thread * strips.rows * outputs * row;
    for (std::size_t strip = begin; strip < end; ++strip) {
      strips.read_planes(strip, images, planes);
      const std::size_t first = strips.first_row(strip);
      const std::size_t count = strips.last_row(strip) - first;
      const float* from = gradient + (strips.image(strip) * window.rows.output + first) * columns * outputs;
      float* to = rows;
      for (std::size_t r = 0; r < count; ++r, from += columns * outputs) {
        for (std::size_t column = 0; column < columns; column += width, to += outputs * width) {
          const std::size_t places = std::min(width, columns - column);
          separate_rows<outputs>(from + column * outputs, gradient_end, places, to, width);
          for (std::size_t o = 0; o < outputs; ++o)
            std::fill(to + o * width + places, to + (o + 1) * width, 0.0F);
        }
      }
      Products<outputs>{strips, count}.add(offsets, planes, rows, sums_memory.data() + thread * sums_size);
    }
  });
  for (std::size_t i = 0; i < strips.taps * outputs; ++i) {
    float sum = 0;
    for (std::size_t t = 0; t < threads; ++t) {
      sum += reduce_add(Vector::load_aligned(sums_memory.data() + t * sums_size + i * width));
    }
    weight[i] = sum;
  }
}

/// Calls `body(i, j)` for each entry of a weight {O, kH, kW, I}: i is its index there, and j its index in the
/// array {row, channel, column, output} that convolve and correlate use.
template <class Body>
void for_weights(const Window& window, std::size_t outputs, Body&& body) {
  const std::size_t columns = window.columns.window;
  std::size_t i = 0;
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t u = 0; u < window.rows.window; ++u) {
      for (std::size_t v = 0; v < columns; ++v) {
        for (std::size_t c = 0; c < window.channels; ++c, ++i) {
          body(i, ((u * window.channels + c) * columns + v) * outputs + o);
        }
      }
    }
  }
}

}  // namespace

bool conv2d(const Window& window, std::size_t outputs, const float* images, const float* weight,
            const float* bias, float* result) {
  if (!suits(window, outputs)) return false;
  Array<float> ordered(Shape{window.tap_count() * window.channels * outputs});
  for_weights(window, outputs, [&](std::size_t i, std::size_t j) { ordered.data()[j] = weight[i]; });
  with_count<most_channels>(
      outputs, [&](auto count) { convolve<count>(window, images, ordered.data(), bias, result); });
  return true;
}

bool conv2d_input_gradient(const Window& window, std::size_t outputs, const float* gradient,
                           const float* weight, float* images) {
  // With stride 1 this is a convolution of the gradient with the weight rotated by 180 degrees.
  const auto turned = [](const xgrad::detail::WindowAxis& axis) {
    return xgrad::detail::WindowAxis{
        axis.output, axis.window, 1, axis.dilation, axis.reach() - 1 - axis.before, axis.input};
  };
  const auto has_turned = [](const xgrad::detail::WindowAxis& axis) {
    return axis.stride == 1 && axis.reach() > axis.before;
  };
  if (!has_turned(window.rows) || !has_turned(window.columns)) return false;
  const Window back{window.images, outputs, turned(window.rows), turned(window.columns)};
  const std::size_t inside = back.rows.input * back.columns.input;
  const bool wastes = 4 * inside < 3 * back.rows.output * back.columns.output;  // on the zeros of the padding
  if (wastes || !suits(back, window.channels)) return false;
  const std::size_t rows = window.rows.window;
  const std::size_t columns = window.columns.window;
  Array<float> ordered(Shape{rows * columns * window.channels * outputs});
  std::size_t i = 0;
  for (std::size_t o = 0; o < outputs; ++o) {
    for (std::size_t u = rows; u-- > 0;) {
      for (std::size_t v = columns; v-- > 0;) {
        for (std::size_t c = 0; c < window.channels; ++c) {
          ordered.data()[((u * outputs + o) * columns + v) * window.channels + c] = weight[i++];
        }
      }
    }
  }
  with_count<most_channels>(
      window.channels, [&](auto count) { convolve<count>(back, gradient, ordered.data(), nullptr, images); });
  return true;
}

bool conv2d_weight_gradient(const Window& window, std::size_t outputs, const float* images,
                            const float* gradient, float* weight) {
  constexpr std::size_t most_sums = 640;  // vectors: more would not stay in the L1 cache
  const std::size_t taps = window.tap_count() * window.channels;
  if (!suits(window, outputs) || taps * outputs > most_sums) return false;
  Array<float> ordered(Shape{taps * outputs});
  with_count<most_channels>(outputs,
                            [&](auto count) { correlate<count>(window, images, gradient, ordered.data()); });
  for_weights(window, outputs, [&](std::size_t i, std::size_t j) { weight[i] = ordered.data()[j]; });
  return true;
}

}  // namespace xgrad::kernels::few_channels
