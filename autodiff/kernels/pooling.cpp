#include <autodiff/instantiate.hpp>
#include <autodiff/kernels/elementwise.hpp>
#include <autodiff/kernels/pooling.hpp>
#include <autodiff/kernels/splitmix.hpp>

namespace xgrad::kernels {
namespace {

using xgrad::detail::BinAxis;
using xgrad::detail::IndexRange;
using xgrad::detail::Window;
using xgrad::detail::WindowAxis;

/// One window: its taps inside the image, and the position of its result.
struct Place {
  IndexRange u;
  IndexRange v;
  std::size_t corner;  ///< the entry under tap (u.first, v.first), channel 0
  std::size_t result;  ///< channel 0 of the result
  std::size_t spare;   ///< entries after the last tap, and after the result, that this thread owns too

  std::size_t count() const { return (u.last - u.first) * (v.last - v.first); }

  /// Calls `body(entry, tap)` for the taps inside the image, in row-major order.
  template <class Axis, class Body>
  void for_taps(const SlidingWindow<Axis>& window, Body&& body) const {
    const std::size_t across = window.columns.dilation * window.channels;
    const std::size_t down = window.rows.dilation * window.columns.input * window.channels;
    for (std::size_t i = u.first; i < u.last; ++i) {
      const std::size_t row = corner + (i - u.first) * down;
      for (std::size_t j = v.first; j < v.last; ++j) {
        body(row + (j - v.first) * across, static_cast<std::uint32_t>(i * window.columns.window + j));
      }
    }
  }
};

/// Calls `body(place)` for the windows of the output rows `outputs`, with their taps in the image rows
/// `rows`; both are counted over all images.
template <class Axis, class Body>
void for_places(const SlidingWindow<Axis>& window, IndexRange outputs, IndexRange rows, Body&& body) {
  if (window.channels == 0) return;  // no entries, and code below would divide by the number of channels
  const std::size_t height = window.rows.input;
  const std::size_t entries_end = rows.last * window.columns.input * window.channels;
  const std::size_t results_end = outputs.last * window.columns.output * window.channels;
  for (std::size_t index = outputs.first; index < outputs.last; ++index) {
    const std::size_t top = index / window.rows.output * height;
    const std::size_t i = index % window.rows.output;
    Place place;
    place.u = window.rows.taps(i, std::clamp(rows.first, top, top + height) - top,
                               std::clamp(rows.last, top, top + height) - top);
    if (place.u.first >= place.u.last) continue;
    const std::size_t row = top + window.rows.entry(i, place.u.first);
    const std::size_t last_row = top + window.rows.entry(i, place.u.last - 1);
    for (std::size_t j = 0; j < window.columns.output; ++j) {
      place.v = window.columns.taps(j);
      place.corner = (row * window.columns.input + window.columns.entry(j, place.v.first)) * window.channels;
      place.result = (index * window.columns.output + j) * window.channels;
      const std::size_t last_column = window.columns.entry(j, place.v.last - 1);
      place.spare =
          std::min(entries_end - (last_row * window.columns.input + last_column + 1) * window.channels,
                   results_end - place.result - window.channels);
      body(place);
    }
  }
}

/// The number of rows of `windows` windows each that are worth a thread.
template <class Axis>
std::size_t rows_per_grain(const SlidingWindow<Axis>& window, std::size_t windows) {
  return elementwise_grain / (windows * window.channels * window.rows.window * window.columns.window + 1) + 1;
}

/// Calls `body(place)` for all windows, in parallel over the rows of the result.
template <class Axis, class Body>
void for_all_places(const SlidingWindow<Axis>& window, Body&& body) {
  const std::size_t rows = window.images * window.rows.input;
  parallel_for(
      window.images * window.rows.output, rows_per_grain(window, window.columns.output),
      [&](std::size_t begin, std::size_t end) { for_places(window, {begin, end}, {0, rows}, body); });
}

/// Sets the images to zero and calls `body(place)` for all windows, in parallel over the rows of the images:
/// each thread visits the taps in its own rows only, so that no two threads add to the same entry.
template <class T, class Axis, class Body>
void scatter_places(const SlidingWindow<Axis>& window, T* images, Body&& body) {
  const std::size_t row_size = window.columns.input * window.channels;
  parallel_for(window.images * window.rows.input, rows_per_grain(window, window.columns.output),
               [&](std::size_t begin, std::size_t end) {
                 std::fill(images + begin * row_size, images + end * row_size, T(0));
                 for_places(window, window.output_rows_over(begin, end), {begin, end}, body);
               });
}

/// Calls `body(c, inside)` for the channels, `lanes` at a time, which compiles to vectors without a
/// remainder. If the place has entries to spare, the loop continues to the end of the last vector with
/// `inside` false: the body writes there to the next place, which must be computed later or be left
/// unchanged.
template <class Body>
void for_channels(std::size_t channels, const Place& place, Body&& body) {
  constexpr std::uint32_t lanes = 8;
  const std::size_t whole = channels / lanes * lanes;
#pragma omp simd
  for (std::size_t c = 0; c < whole; ++c) body(c, true);
  const auto rest = static_cast<std::uint32_t>(channels - whole);
  if (rest > 0 && place.spare >= lanes) {
#pragma omp simd
    for (std::uint32_t lane = 0; lane < lanes; ++lane) body(whole + lane, lane < rest);
  } else {
    for (std::size_t c = whole; c < channels; ++c) body(c, true);
  }
}

/// Whether the largest number so far is still the largest after x; NaN counts as larger than all numbers.
template <class T>
auto stays(T largest, T x) {
  return (x <= largest) | (largest != largest);  // without a branch, so that loops over it vectorise
}

/// The largest entry of a window, for all channels.
template <class T, class Axis>
void max_of(const SlidingWindow<Axis>& window, const Place& place, const T* images, T* result) {
  const T* first = images + place.corner;
  for_channels(window.channels, place, [&](std::size_t c, bool) { result[c] = first[c]; });
  place.for_taps(window, [&](std::size_t entry, std::uint32_t) {
    const T* in = images + entry;
    for_channels(window.channels, place, [&](std::size_t c, bool) {
      const T best = result[c];
      const T x = in[c];
      result[c] = stays(best, x) ? best : x;
    });
  });
}

/// The same, with the tap of the first among the largest entries.
template <class T, class Axis>
void first_max_of(const SlidingWindow<Axis>& window, const Place& place, const T* images, T* result,
                  std::uint32_t* taps) {
  const T* first = images + place.corner;
  const auto first_tap = static_cast<std::uint32_t>(place.u.first * window.columns.window + place.v.first);
  for_channels(window.channels, place, [&](std::size_t c, bool) {
    result[c] = first[c];
    taps[c] = first_tap;
  });
  place.for_taps(window, [&](std::size_t entry, std::uint32_t tap) {
    const T* in = images + entry;
    for_channels(window.channels, place, [&](std::size_t c, bool) {
      const T best = result[c];
      const T x = in[c];
      const std::uint32_t best_tap = taps[c];
      const bool keep = stays(best, x);
      result[c] = keep ? best : x;
      taps[c] = keep ? best_tap : tap;
    });
  });
}

/// Given the largest entries of a window, the tap of one of the entries equal to them, each with the same
/// probability.
template <class T, class Axis>
void random_max_of(const SlidingWindow<Axis>& window, const Place& place, const T* images, const T* result,
                   std::uint32_t* taps, std::uint64_t stream) {
  for (std::size_t c = 0; c < window.channels; ++c) {
    const T best = result[c];
    const auto ties = [&](std::size_t entry) {
      const T x = images[entry + c];
      return x == best || (x != x && best != best);
    };
    std::uint64_t count = 0;
    place.for_taps(window, [&](std::size_t entry, std::uint32_t) { count += ties(entry); });
    std::uint64_t chosen = ((random_bits(stream, place.result + c) >> 32) * count) >> 32;
    place.for_taps(window, [&](std::size_t entry, std::uint32_t tap) {
      if (ties(entry) && chosen-- == 0) taps[c] = tap;
    });
  }
}

/// Whether the windows are the 2 x 2 tiles of the images: each entry then lies in at most one window.
bool are_tiles(const Window& window) {
  const auto is_tile = [](const xgrad::detail::WindowAxis& axis) {
    return axis.window == 2 && axis.stride == 2 && axis.before == 0 && axis.dilation == 1 &&
           2 * axis.output <= axis.input;
  };
  return is_tile(window.rows) && is_tile(window.columns);
}

/// Calls `body(lanes, entry, result)` for the tiles of an output row, whose entries start at `entry`, in
/// pieces of `lanes` channels, a compile-time constant. A piece may extend past the end of its tile, because
/// the pieces that follow overwrite the surplus. The last piece of the last tile has no successor; it starts
/// earlier instead, and some entries are written twice.
template <class Body>
void for_tiles(const Window& window, std::size_t row, Body&& body) {
  const std::size_t channels = window.channels;
  const std::size_t top = row / window.rows.output * window.rows.input + row % window.rows.output * 2;
  std::size_t entry = top * window.columns.input * channels;
  std::size_t result = row * window.columns.output * channels;
  const auto tiles = [&](auto lanes) {
    for (std::size_t j = 1; j < window.columns.output; ++j, entry += 2 * channels, result += channels) {
      for (std::size_t c = 0; c < channels; c += lanes) body(lanes, entry + c, result + c);
    }
  };
  const auto last_tile = [&](auto lanes) {
    for (std::size_t c = 0; c < channels; c += lanes) {
      const std::size_t first = std::min<std::size_t>(c, channels - lanes);
      body(lanes, entry + first, result + first);
    }
  };
  const std::integral_constant<std::size_t, 16> sixteen;
  const std::integral_constant<std::size_t, 8> eight;
  const std::integral_constant<std::size_t, 4> four;
  const std::integral_constant<std::size_t, 1> one;
  // Only the first piece of a tile may extend past its end: the tile's other column is written after it.
  if (channels % 16 == 0) {
    tiles(sixteen);
  } else if (channels % 8 == 0 || (channels > 4 && channels < 8)) {
    tiles(eight);
  } else if (channels % 4 == 0 || channels == 3) {
    tiles(four);
  } else {
    tiles(one);
  }
  if (channels >= 16) {
    last_tile(sixteen);
  } else if (channels >= 8) {
    last_tile(eight);
  } else if (channels >= 4) {
    last_tile(four);
  } else {
    last_tile(one);
  }
}

/// The widest vector type with at most `lanes` entries; a single number if there is none.
template <class T, std::size_t lanes>
struct WidestWithin {
  using Sized = xsimd::make_sized_batch_t<T, lanes>;
  using type = typename std::conditional_t<std::is_void_v<Sized>, WidestWithin<T, lanes / 2>,
                                           std::type_identity<Sized>>::type;
};
template <class T>
struct WidestWithin<T, 1> {
  using type = T;
};

/// For each of `lanes` channels, the largest entry of a tile and, if `taps` is not null, the index of the
/// first such entry.
template <std::size_t lanes, class T>
void max_of_tile(const T* in, std::size_t across, std::size_t down, T* out, std::uint32_t* taps) {
  using V = typename WidestWithin<T, lanes>::type;
  constexpr std::size_t width = sizeof(V) / sizeof(T);
  const auto load = [](const T* from) {
    if constexpr (width == 1) {
      return *from;
    } else {
      return V::load_unaligned(from);
    }
  };
  const auto choose = [](auto condition, V a, V b) {
    if constexpr (width == 1) {
      return condition ? a : b;
    } else {
      return xsimd::select(condition, a, b);
    }
  };
  for (std::size_t i = 0; i < lanes; i += width) {
    V best = load(in + i);
    V tap(T(0));
    const auto compare = [&](std::size_t offset, T number) {
      const V x = load(in + offset + i);
      const auto keep = stays(best, x);
      best = choose(keep, best, x);
      tap = choose(keep, tap, V(number));
    };
    compare(across, T(1));
    compare(down, T(2));
    compare(down + across, T(3));
    T numbers[width];
    if constexpr (width == 1) {
      out[i] = best;
      numbers[0] = tap;
    } else {
      best.store_unaligned(out + i);
      tap.store_unaligned(numbers);
    }
    if (taps != nullptr) std::copy_n(numbers, width, taps + i);
  }
}

/// max_of over tiles, or first_max_of if `taps` is not null.
template <class T>
void max_of_tiles(const Window& window, const T* images, T* results, std::uint32_t* taps) {
  const std::size_t across = window.channels;
  const std::size_t down = window.columns.input * window.channels;
  const std::size_t grain = elementwise_grain / (4 * window.columns.output * window.channels + 1) + 1;
  parallel_for(window.images * window.rows.output, grain, [=, &window](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      for_tiles(window, row, [=](auto lanes, std::size_t entry, std::size_t result) {
        max_of_tile<lanes>(images + entry, across, down, results + result,
                           taps != nullptr ? taps + result : nullptr);
      });
    }
  });
}

/// pool_scatter over tiles: every entry is written, so none needs to be set to zero first.
template <class T>
void scatter_to_tiles(const Window& window, const std::uint32_t* taps, const T* gradient, T* images) {
  const std::size_t across = window.channels;
  const std::size_t down = window.columns.input * window.channels;
  const std::size_t covered = 2 * window.columns.output * window.channels;
  const std::size_t grain = elementwise_grain / (4 * window.columns.output * window.channels + 1) + 1;
  parallel_for(window.images * window.rows.output, grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t row = begin; row < end; ++row) {
      for_tiles(window, row, [&](auto lanes, std::size_t entry, std::size_t result) {
        const auto write = [&](T* out, std::uint32_t its_tap) {
#pragma omp simd
          for (std::uint32_t i = 0; i < lanes; ++i) {
            const T share = gradient[result + i];
            out[i] = taps[result + i] == its_tap ? share : T(0);
          }
        };
        write(images + entry, 0);
        write(images + entry + across, 1);
        write(images + entry + down, 2);
        write(images + entry + down + across, 3);
      });
      const std::size_t i = row % window.rows.output;
      T* top = images + (row / window.rows.output * window.rows.input + 2 * i) * down;
      std::fill(top + covered, top + down, T(0));
      std::fill(top + down + covered, top + 2 * down, T(0));
      if (i + 1 == window.rows.output) {
        std::fill(top + 2 * down, top + (window.rows.input - 2 * i) * down, T(0));
      }
    }
  });
}

template <class T, class Axis>
T share(const SlidingWindow<Axis>& window, bool count_padding, std::size_t inside) {
  return T(1) / static_cast<T>(count_padding ? window.rows.window * window.columns.window : inside);
}

}  // namespace

template <class T, class Axis>
void max_pool2d(const SlidingWindow<Axis>& window, const T* images, T* result, std::uint32_t* taps,
                std::optional<std::uint64_t> stream) {
  if constexpr (std::is_same_v<Axis, WindowAxis>) {
    if (!stream && are_tiles(window)) return max_of_tiles(window, images, result, taps);
  }
  for_all_places(window, [&](const Place& place) {
    if (taps == nullptr) {
      max_of(window, place, images, result + place.result);
    } else {
      first_max_of(window, place, images, result + place.result, taps + place.result);
      if (stream) {
        random_max_of(window, place, images, result + place.result, taps + place.result, *stream);
      }
    }
  });
}

template <class T, class Axis>
void pool_gather(const SlidingWindow<Axis>& window, const std::uint32_t* taps, const T* images, T* result) {
  for_all_places(window, [&](const Place& place) {
    const std::uint32_t* from = taps + place.result;
    T* out = result + place.result;
    for_channels(window.channels, place, [&](std::size_t c, bool) { out[c] = T(0); });
    place.for_taps(window, [&](std::size_t entry, std::uint32_t tap) {
      const T* in = images + entry;
      for_channels(window.channels, place, [&](std::size_t c, bool) {
        const T x = in[c];
        const T other = out[c];
        out[c] = from[c] == tap ? x : other;
      });
    });
  });
}

template <class T, class Axis>
void pool_scatter(const SlidingWindow<Axis>& window, const std::uint32_t* taps, const T* gradient,
                  T* images) {
  if constexpr (std::is_same_v<Axis, WindowAxis>) {
    if (are_tiles(window)) return scatter_to_tiles(window, taps, gradient, images);
  }
  scatter_places(window, images, [&](const Place& place) {
    const std::uint32_t* to = taps + place.result;
    const T* g = gradient + place.result;
    place.for_taps(window, [&](std::size_t entry, std::uint32_t tap) {
      T* out = images + entry;
      for_channels(window.channels, place, [&](std::size_t c, bool inside) {
        const T share = g[c];
        const bool chosen = (to[c] == tap) & inside;
        out[c] += chosen ? share : T(0);
      });
    });
  });
}

template <class T, class Axis>
void avg_pool2d(const SlidingWindow<Axis>& window, bool count_padding, const T* images, T* result) {
  for_all_places(window, [&](const Place& place) {
    T* out = result + place.result;
    for_channels(window.channels, place, [&](std::size_t c, bool) { out[c] = T(0); });
    place.for_taps(window, [&](std::size_t entry, std::uint32_t) {
      const T* in = images + entry;
      for_channels(window.channels, place, [&](std::size_t c, bool) { out[c] += in[c]; });
    });
    const T scale = share<T>(window, count_padding, place.count());
    for_channels(window.channels, place, [&](std::size_t c, bool) { out[c] *= scale; });
  });
}

template <class T, class Axis>
void avg_pool2d_gradient(const SlidingWindow<Axis>& window, bool count_padding, const T* gradient,
                         T* images) {
  scatter_places(window, images, [&](const Place& place) {
    // The place has only those of the window's rows that this thread owns; the divisor counts all rows.
    const std::size_t i = place.result / (window.columns.output * window.channels) % window.rows.output;
    const IndexRange u = window.rows.taps(i);
    const T scale = share<T>(window, count_padding, (u.last - u.first) * (place.v.last - place.v.first));
    const T* g = gradient + place.result;
    place.for_taps(window, [&](std::size_t entry, std::uint32_t) {
      T* out = images + entry;
      for_channels(window.channels, place,
                   [&](std::size_t c, bool inside) { out[c] += inside ? g[c] * scale : T(0); });
    });
  });
}

#define XGRAD_INSTANTIATE_OVER(T, Axis)                                                       \
  template void max_pool2d(const SlidingWindow<Axis>&, const T*, T*, std::uint32_t*,          \
                           std::optional<std::uint64_t>);                                     \
  template void pool_gather(const SlidingWindow<Axis>&, const std::uint32_t*, const T*, T*);  \
  template void pool_scatter(const SlidingWindow<Axis>&, const std::uint32_t*, const T*, T*); \
  template void avg_pool2d(const SlidingWindow<Axis>&, bool, const T*, T*);                   \
  template void avg_pool2d_gradient(const SlidingWindow<Axis>&, bool, const T*, T*);
#define XGRAD_INSTANTIATE(T) XGRAD_INSTANTIATE_OVER(T, WindowAxis) XGRAD_INSTANTIATE_OVER(T, BinAxis)
XGRAD_FOR_EACH_SCALAR(XGRAD_INSTANTIATE)
#undef XGRAD_INSTANTIATE
#undef XGRAD_INSTANTIATE_OVER

}  // namespace xgrad::kernels
