#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/kernels/splitmix.hpp>
#include <autodiff/ops/dropout.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace xgrad {
namespace {

/// The mask of the kept entries, 1 or 0 for each entry, and their factor.
template <class T>
struct Survivors {
  Array<std::uint8_t> kept;
  T scale;
};

/// out[i] = x[i] scale for kept entries, x[i] 0 for the others.
template <class T>
void apply(const T* x, const std::uint8_t* kept, T scale, std::size_t count, T* out) {
#pragma omp simd
  for (std::size_t i = 0; i < count; ++i) out[i] = x[i] * (kept[i] != 0 ? scale : T(0));
}

/// Draws the entries [first, first + count) of a mask: 1 if the random number of the entry is below the
/// limit.
void draw(std::uint64_t stream, std::uint64_t limit, std::size_t first, std::size_t count,
          std::uint8_t* kept) {
#pragma omp simd
  for (std::size_t i = 0; i < count; ++i) {
    kept[i] = static_cast<std::uint8_t>((kernels::random_bits(stream, first + i) >> 11) < limit);
  }
}

/// Draws the mask of whole channels of {N, ..., C}: channel c of sample n has random number n C + c.
void draw_channels(std::uint64_t stream, std::uint64_t limit, const Shape& shape, std::uint8_t* kept) {
  const std::size_t samples = shape.front(), channels = shape.back();
  const std::size_t size = samples == 0 ? 0 : element_count(shape) / samples;
  for (std::size_t n = 0; n < samples && size > 0; ++n) {
    std::uint8_t* own = kept + n * size;
    draw(stream, limit, n * channels, channels, own);
    for (std::size_t i = channels; i < size; i += channels) std::copy_n(own, channels, own + i);
  }
}

/// Dropout with a given mask; it is diagonal and linear, and therefore its own pullback.
template <class T>
Variable<T> dropout_again(const Variable<T>& x, const std::shared_ptr<const Survivors<T>>& survivors) {
  Array<T> value(x.shape());
  kernels::parallel_for(value.size(), kernels::elementwise_grain, [&](std::size_t begin, std::size_t end) {
    apply(x.value().data() + begin, survivors->kept.data() + begin, survivors->scale, end - begin,
          value.data() + begin);
  });
  return operation("dropout_gradient", std::move(value),
                   {x, [survivors](const Variable<T>& g) { return dropout_again(g, survivors); }});
}

}  // namespace

template <class T>
Variable<T> dropout(const Variable<T>& x, const DropoutOptions& options, Generator& generator) {
  if (!(options.keep > 0 && options.keep <= 1)) {
    throw ValueError(fmt::format("dropout: keep is {}; expected a probability in (0, 1]", options.keep));
  }
  if (options.channels && x.dimension() < 2) {
    throw ShapeError(
        fmt::format("dropout: channels of x of shape {}; expected {{N, ..., C}}", to_string(x.shape())));
  }
  const T scale = options.inverted ? static_cast<T>(1 / options.keep) : T(1);
  const std::uint64_t stream = generator();
  const auto limit = static_cast<std::uint64_t>(std::ldexp(options.keep, 53));  // exact: keep has 53 bits
  auto survivors = std::make_shared<Survivors<T>>(Survivors<T>{empty<std::uint8_t>(x.shape()), scale});
  std::uint8_t* kept = survivors->kept.data();
  Array<T> value(x.shape());
  if (options.channels) draw_channels(stream, limit, x.shape(), kept);
  constexpr std::size_t block = 1024;  // its mask is still in cache when it is used
  kernels::parallel_for(value.size(), kernels::elementwise_grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; i += block) {
      const std::size_t count = std::min(block, end - i);
      if (!options.channels) draw(stream, limit, i, count, kept + i);
      apply(x.value().data() + i, kept + i, scale, count, value.data() + i);
    }
  });
  std::shared_ptr<const Survivors<T>> outcome = std::move(survivors);
  return operation("dropout", std::move(value),
                   {x, [outcome](const Variable<T>& g) { return dropout_again(g, outcome); }});
}

#define XGRAD_INSTANTIATE(T) \
  template Variable<T> dropout<T>(const Variable<T>&, const DropoutOptions&, Generator&);
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
