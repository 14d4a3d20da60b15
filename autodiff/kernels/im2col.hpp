#pragma once

#include <autodiff/kernels/parallel.hpp>
#include <autodiff/kernels/window.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>

/// \file
/// The columns of images: a row of kH kW C entries for each window, in the order of the weight {O, kH, kW,
/// C}.

namespace xgrad::kernels {

using xgrad::detail::IndexRange;
using xgrad::detail::Window;

/// The image, row and column of an output.
struct OutputPlace {
  std::size_t image;
  std::size_t row;
  std::size_t column;

  OutputPlace(const Window& window, std::size_t index)
      : image(index / (window.rows.output * window.columns.output)),
        row(index / window.columns.output % window.rows.output),
        column(index % window.columns.output) {}

  void advance(const Window& window) {
    if (++column < window.columns.output) return;
    column = 0;
    if (++row < window.rows.output) return;
    row = 0;
    ++image;
  }
};

/// Entries of columns that are worth a thread.
inline constexpr std::size_t unfold_grain = std::size_t{1} << 15;

/// The number of entries that copy_run may write past the end of a run.
template <class T>
inline constexpr std::size_t run_slack = 32 / sizeof(T);

/// Copies `count` entries. A short run is copied as one full register, which is faster than an exact copy;
/// the next run overwrites the surplus. Neither reads past `end` nor writes past `to_end`.
template <class T>
void copy_run(const T* from, const T* end, std::size_t count, T* to, const T* to_end) {
  if (count <= run_slack<T> && static_cast<std::size_t>(end - from) >= run_slack<T> &&
      static_cast<std::size_t>(to_end - to) >= run_slack<T>) {
    std::memcpy(to, from, run_slack<T> * sizeof(T));
  } else {
    std::copy_n(from, count, to);
  }
}

/// Writes the columns of the outputs [places.first, places.last), with zeros for taps in the padding. The
/// memory of `columns` ends at `columns_end`; writing is fastest if it has room for run_slack more entries.
template <class T>
void im2col(const Window& window, IndexRange places, const T* images, T* columns, const T* columns_end) {
  const auto& [n, channels, rows, cols] = window;
  const T* const end = images + n * rows.input * cols.input * channels;
  const std::size_t run = cols.window * channels;
  OutputPlace place(window, places.first);
  for (std::size_t index = places.first; index < places.last; ++index, place.advance(window)) {
    const T* image = images + place.image * rows.input * cols.input * channels;
    const IndexRange u_inside = rows.taps(place.row);
    const IndexRange v_inside = cols.taps(place.column);
    const bool runs_along = cols.dilation == 1 && v_inside.last - v_inside.first == cols.window;
    for (std::size_t u = 0; u < rows.window; ++u, columns += run) {
      if (u < u_inside.first || u >= u_inside.last) {
        std::fill_n(columns, run, T(0));
        continue;
      }
      const T* row = image + rows.entry(place.row, u) * cols.input * channels;
      if (runs_along) {
        copy_run(row + cols.entry(place.column, 0) * channels, end, run, columns, columns_end);
        continue;
      }
      std::fill_n(columns, v_inside.first * channels, T(0));
      for (std::size_t v = v_inside.first; v < v_inside.last; ++v) {
        copy_run(row + cols.entry(place.column, v) * channels, end, channels, columns + v * channels,
                 columns_end);
      }
      std::fill(columns + v_inside.last * channels, columns + run, T(0));
    }
  }
}

/// Adds the columns of the outputs [places.first, places.last) to the image entries that they were read from,
/// restricted to the image rows [owned.first, owned.last), counted over all images.
template <class T>
void col2im(const Window& window, IndexRange places, IndexRange owned, const T* columns, T* images) {
  const auto& [n, channels, rows, cols] = window;
  const std::size_t run = cols.window * channels;
  OutputPlace place(window, places.first);
  for (std::size_t index = places.first; index < places.last; ++index, place.advance(window)) {
    const std::size_t top = place.image * rows.input;
    const std::size_t begin = std::clamp(owned.first, top, top + rows.input) - top;
    const std::size_t end = std::clamp(owned.last, top, top + rows.input) - top;
    const IndexRange u_owned = rows.taps(place.row, begin, end);
    const IndexRange v_inside = cols.taps(place.column);
    for (std::size_t u = u_owned.first; u < u_owned.last; ++u) {
      const T* from = columns + u * run;
      T* row = images + (top + rows.entry(place.row, u)) * cols.input * channels;
      if (cols.dilation == 1 && v_inside.first < v_inside.last) {
        T* to = row + cols.entry(place.column, v_inside.first) * channels;
        from += v_inside.first * channels;
        const std::size_t count = (v_inside.last - v_inside.first) * channels;
        for (std::size_t k = 0; k < count; ++k) to[k] += from[k];
      } else {
        for (std::size_t v = v_inside.first; v < v_inside.last; ++v) {
          T* to = row + cols.entry(place.column, v) * channels;
          for (std::size_t c = 0; c < channels; ++c) to[c] += from[v * channels + c];
        }
      }
    }
    columns += rows.window * run;
  }
}

/// All columns of the images.
template <class T>
void unfold(const Window& window, const T* images, T* columns) {
  const std::size_t taps = window.rows.window * window.columns.window * window.channels;
  const std::size_t places = window.images * window.rows.output * window.columns.output;
  parallel_for(places, unfold_grain / (taps + 1) + 1, [=, &window](std::size_t begin, std::size_t end) {
    im2col(window, {begin, end}, images, columns + begin * taps, columns + end * taps);
  });
}

/// The adjoint of unfold: images = the sum of all columns, each entry added to the image entry that it was
/// read from.
template <class T>
void fold(const Window& window, const T* columns, T* images) {
  const std::size_t taps = window.rows.window * window.columns.window * window.channels;
  const std::size_t row_size = window.columns.input * window.channels;
  const std::size_t grain = unfold_grain / (window.columns.output * taps + row_size + 1) + 1;
  // Each thread owns some rows of the images and adds all contributions to them.
  parallel_for(window.images * window.rows.input, grain, [=, &window](std::size_t begin, std::size_t end) {
    std::fill(images + begin * row_size, images + end * row_size, T(0));
    const IndexRange rows = window.output_rows_over(begin, end);
    const IndexRange places{rows.first * window.columns.output, rows.last * window.columns.output};
    if (places.first < places.last) {
      col2im(window, places, {begin, end}, columns + places.first * taps, images);
    }
  });
}

}  // namespace xgrad::kernels
