#include <autodiff/error.hpp>
#include <nn/data/augmentation.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace xgrad::nn {
namespace {

template <class T>
void apply(const std::function<void(Array<T>&, Generator&)>& own, bool has_other, Array<T>& images,
           Generator& generator) {
  if (own) return own(images, generator);
  if (has_other) {
    throw ValueError(fmt::format("Transform: the function does not take images in {}",
                                 std::is_same_v<T, float> ? "float" : "double"));
  }
}

struct Extents {
  std::size_t count, rows, columns, channels;
};

Extents extents_of(const char* transform, const Shape& images) {
  if (images.size() != 4) {
    throw ShapeError(
        fmt::format("{}: expected images {{N, H, W, C}}, got shape {}", transform, to_string(images)));
  }
  return {images[0], images[1], images[2], images[3]};
}

/// A uniformly distributed integer in [0, bound), the same with every standard library.
std::size_t draw(Generator& generator, std::size_t bound) {
  // The high half of a product with 64 random bits; the bias is below bound / 2^64.
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::size_t>(static_cast<Wide>(generator()) * bound >> 64);
}

/// Copies a window of an image that begins at (top, left). It may lie partly outside, where the entries are
/// `fill`.
template <class T>
void copy_window(const T* image, const Extents& from, std::ptrdiff_t top, std::ptrdiff_t left,
                 std::size_t rows, std::size_t columns, T fill, T* out) {
  const auto width = static_cast<std::ptrdiff_t>(from.columns);
  const std::ptrdiff_t first = std::clamp<std::ptrdiff_t>(-left, 0, static_cast<std::ptrdiff_t>(columns));
  const std::ptrdiff_t last =
      std::clamp<std::ptrdiff_t>(width - left, first, static_cast<std::ptrdiff_t>(columns));
  const auto channels = static_cast<std::ptrdiff_t>(from.channels);
  for (std::size_t r = 0; r < rows; ++r, out += columns * from.channels) {
    const std::ptrdiff_t row = top + static_cast<std::ptrdiff_t>(r);
    T* const end = out + columns * from.channels;
    if (row < 0 || row >= static_cast<std::ptrdiff_t>(from.rows)) {
      std::fill(out, end, fill);
      continue;
    }
    std::fill(out, out + first * channels, fill);
    const T* line = image + (row * width + left + first) * channels;
    std::copy(line, line + (last - first) * channels, out + first * channels);
    std::fill(out + last * channels, end, fill);
  }
}

}  // namespace

void Transform::operator()(Array<float>& images, Generator& generator) const {
  for (const Transform& each : parts_) each(images, generator);
  apply(single_, real_ != nullptr, images, generator);
}

void Transform::operator()(Array<double>& images, Generator& generator) const {
  for (const Transform& each : parts_) each(images, generator);
  apply(real_, single_ != nullptr, images, generator);
}

Transform normalize(std::vector<double> mean, std::vector<double> deviation) {
  if (mean.empty() || mean.size() != deviation.size()) {
    throw ValueError(
        fmt::format("normalize: expected as many means as deviations, at least one, got {} and {}",
                    mean.size(), deviation.size()));
  }
  for (const double each : deviation) {
    if (!(each > 0)) throw ValueError(fmt::format("normalize: expected a deviation > 0, got {}", each));
  }
  return [mean = std::move(mean), deviation = std::move(deviation)](auto& images, Generator&) {
    using T = typename std::remove_cvref_t<decltype(images)>::value_type;
    const std::size_t channels = mean.size();
    const std::size_t came = images.dimension() == 0 ? 0 : images.shape().back();
    if (channels != 1 && came != channels) {
      throw ShapeError(fmt::format("normalize: expected images of {1} channels, got shape {0}",
                                   to_string(images.shape()), channels));
    }
    for (std::size_t i = 0; i < images.size(); ++i) {
      const std::size_t c = channels == 1 ? 0 : i % channels;
      T& x = images.data()[i];
      x = static_cast<T>((static_cast<double>(x) - mean[c]) / deviation[c]);
    }
  };
}

namespace {

/// Crops a window of the given size, or of the image's size if it is 0, from each padded image.
template <class T>
void crop(const char* transform, Array<T>& images, Generator& generator, Size2d size, Size2d padding,
          double fill) {
  const Extents from = extents_of(transform, images.shape());
  const std::size_t rows = size.rows == 0 ? from.rows : std::size_t{size.rows};
  const std::size_t columns = size.columns == 0 ? from.columns : std::size_t{size.columns};
  const std::size_t high = from.rows + 2 * padding.rows;
  const std::size_t wide = from.columns + 2 * padding.columns;
  if (rows > high || columns > wide) {
    throw ShapeError(fmt::format(
        "{}: a window of {} x {} does not fit into images of shape {} with padding {} x {}", transform, rows,
        columns, to_string(images.shape()), std::size_t{padding.rows}, std::size_t{padding.columns}));
  }
  Array<T> result(Shape{from.count, rows, columns, from.channels});
  for (std::size_t n = 0; n < from.count; ++n) {
    const auto top = static_cast<std::ptrdiff_t>(draw(generator, high - rows + 1));
    const auto left = static_cast<std::ptrdiff_t>(draw(generator, wide - columns + 1));
    copy_window(images.data() + n * from.rows * from.columns * from.channels, from,
                top - static_cast<std::ptrdiff_t>(padding.rows),
                left - static_cast<std::ptrdiff_t>(padding.columns), rows, columns, static_cast<T>(fill),
                result.data() + n * rows * columns * from.channels);
  }
  images = std::move(result);
}

}  // namespace

Transform random_shift(std::size_t pixels, double fill) {
  return [=](auto& images, Generator& generator) {
    crop("random_shift", images, generator, 0, Size2d(pixels), fill);
  };
}

Transform random_crop(Size2d size, Size2d padding, double fill) {
  if (size.rows == 0 || size.columns == 0) {
    throw ValueError("random_crop: expected a window of at least 1 x 1, got an empty one");
  }
  return [=](auto& images, Generator& generator) {
    crop("random_crop", images, generator, size, padding, fill);
  };
}

Transform random_flip(double probability) {
  if (!(probability >= 0 && probability <= 1)) {
    throw ValueError(fmt::format("random_flip: expected a probability in [0, 1], got {}", probability));
  }
  const auto limit = static_cast<std::uint64_t>(std::ldexp(probability, 53));  // exact: it has 53 bits
  return [limit](auto& images, Generator& generator) {
    const Extents from = extents_of("random_flip", images.shape());
    for (std::size_t n = 0; n < from.count; ++n) {
      if (generator() >> 11 >= limit) continue;
      for (std::size_t r = 0; r < from.rows; ++r) {
        auto* row = images.data() + (n * from.rows + r) * from.columns * from.channels;
        for (std::size_t left = 0, right = from.columns; left + 1 < right; ++left) {
          --right;
          std::swap_ranges(row + left * from.channels, row + (left + 1) * from.channels,
                           row + right * from.channels);
        }
      }
    }
  };
}

Transform random_erasing(std::size_t size, double fill) {
  return [=](auto& images, Generator& generator) {
    using T = typename std::remove_cvref_t<decltype(images)>::value_type;
    const Extents from = extents_of("random_erasing", images.shape());
    if (from.rows == 0 || from.columns == 0) return;
    for (std::size_t n = 0; n < from.count; ++n) {
      const std::size_t row = draw(generator, from.rows);
      const std::size_t column = draw(generator, from.columns);
      const auto first = [&](std::size_t centre) { return centre - std::min(centre, size / 2); };
      const auto last = [&](std::size_t centre, std::size_t extent) {
        return std::min(extent, centre + size - std::min(size, size / 2));
      };
      T* image = images.data() + n * from.rows * from.columns * from.channels;
      for (std::size_t r = first(row); r < last(row, from.rows); ++r) {
        std::fill(image + (r * from.columns + first(column)) * from.channels,
                  image + (r * from.columns + last(column, from.columns)) * from.channels,
                  static_cast<T>(fill));
      }
    }
  };
}

}  // namespace xgrad::nn
