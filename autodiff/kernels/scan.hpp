#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/exp_totals.hpp>
#include <autodiff/kernels/rows.hpp>
#include <autodiff/kernels/strided.hpp>

/// \file
/// Scans: every entry of the result depends on those before it along one axis.

namespace xgrad::kernels {

/// The direction of a scan along its axis.
enum class Direction : bool { forward, backward };

constexpr Direction operator!(Direction direction) {
  return direction == Direction::forward ? Direction::backward : Direction::forward;
}

namespace detail {

/// The offset of a scan's first entry, and the step to the next one in its direction.
struct ScanOrder {
  std::ptrdiff_t first;
  std::ptrdiff_t step;

  ScanOrder(Direction direction, std::size_t extent, std::size_t stride)
      : first(0), step(static_cast<std::ptrdiff_t>(stride)) {
    if (direction == Direction::forward) return;
    first = static_cast<std::ptrdiff_t>((extent - 1) * stride);
    step = -step;
  }
};

/// Scans `count` contiguous rows side by side, so that their steps overlap.
template <std::size_t count, class State, class T, std::size_t N, class F>
void scan_rows(const std::array<const T*, N>& in, T* out, std::size_t extent, Direction direction,
               State initial, F f) {
  const ScanOrder order(direction, extent, 1);
  std::array<State, count> state;
  state.fill(initial);
  [&]<std::size_t... n>(std::index_sequence<n...>) {
    std::ptrdiff_t at = order.first;
    for (std::size_t k = 0; k < extent; ++k, at += order.step) {
      std::ptrdiff_t i = at;
#pragma GCC unroll 8
      for (std::size_t r = 0; r < count; ++r, i += static_cast<std::ptrdiff_t>(extent)) {
        state[r] = f(state[r], static_cast<State>(in[n][i])...);
        out[i] = static_cast<T>(state[r]);
      }
    }
  }(std::make_index_sequence<N>());
}

/// The largest number of lines in a group.
inline constexpr std::size_t line_group = 1024;

/// Scans `count` columns of rows that are `stride` apart, in a higher precision than T's.
template <class State, class T, std::size_t N, class F>
void scan_columns_widely(const std::array<const T*, N>& in, T* out, std::size_t extent, std::size_t stride,
                         std::size_t count, Direction direction, State initial, F f) {
  const ScanOrder order(direction, extent, stride);
  alignas(64) std::array<State, line_group> state;
  std::fill_n(state.begin(), count, initial);
  [&]<std::size_t... n>(std::index_sequence<n...>) {
    std::ptrdiff_t at = order.first;
    for (std::size_t k = 0; k < extent; ++k, at += order.step) {
      for (std::size_t j = 0; j < count; ++j) {
        state[j] = f(state[j], static_cast<State>((in[n] + at)[j])...);
        (out + at)[j] = static_cast<T>(state[j]);
      }
    }
  }(std::make_index_sequence<N>());
}

/// Scans `count` columns of rows that are `stride` apart.
template <class T, std::size_t N, class F>
void scan_columns(const std::array<const T*, N>& in, T* out, std::size_t extent, std::size_t stride,
                  std::size_t count, Direction direction, T initial, F f) {
  const ScanOrder order(direction, extent, stride);
  [&]<std::size_t... n>(std::index_sequence<n...>) {
    std::ptrdiff_t at = order.first;
    if (count < Batch<T>::size) {
      std::array<T, Batch<T>::size> state;
      state.fill(initial);
      for (std::size_t k = 0; k < extent; ++k, at += order.step) {
        for (std::size_t j = 0; j < count; ++j) out[at + j] = state[j] = f(state[j], (in[n] + at)[j]...);
      }
      return;
    }
    map_row(out + at, count, f, Stream<Step::repeat, T>{&initial}, Stream<Step::advance, T>{in[n] + at}...);
    for (std::size_t k = 1; k < extent; ++k) {
      const T* before = out + at;
      at += order.step;
      map_row(out + at, count, f, Stream<Step::advance, T>{before}, Stream<Step::advance, T>{in[n] + at}...);
    }
  }(std::make_index_sequence<N>());
}

/// The largest value of a number of lines, which may be a compile-time constant.
template <class Count>
inline constexpr std::size_t line_capacity = line_group;
template <std::size_t count>
inline constexpr std::size_t line_capacity<std::integral_constant<std::size_t, count>> = count;

/// Calls `body(offset, count)` for groups of adjacent lines along a loop's axis: `count` lines, the first of
/// which starts at `offset`. Contiguous lines form groups of up to `rows`, others groups that stay in the L1
/// cache.
template <class Body>
void for_line_groups(const AxisLoop& loop, std::size_t rows, const Body& body) {
  const bool contiguous = loop.inner == 1;
  const std::size_t lines = contiguous ? loop.outer : loop.inner;
  const std::size_t group = contiguous ? rows : line_group;
  const std::size_t groups = (lines + group - 1) / group;
  const std::size_t blocks = contiguous ? 1 : loop.outer;
  if (blocks * lines * loop.extent == 0) return;
  const std::size_t size = loop.extent * std::min(group, lines);
  parallel_for(blocks * groups, elementwise_grain / 4 / size + 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t item = begin; item < end; ++item) {
      const std::size_t first = item % groups * group;
      const std::size_t line = contiguous ? loop.extent : 1;
      body(item / groups * loop.extent * loop.inner + first * line, std::min(group, lines - first));
    }
  });
}

}  // namespace detail

/// The scan state = f(state, in...) along the loop's axis, as an array of all states. The state has the type
/// of `initial`, double for sums and products of many floats. f is called with numbers and with batches.
template <class State, class T, class F, class... A>
Array<T> scan(const AxisLoop& loop, Direction direction, State initial, F f, const Array<T>& first,
              const A&... others) {
  Array<T> result(first.shape());
  detail::for_line_groups(loop, 8, [&](std::size_t offset, std::size_t count) {
    const std::array<const T*, 1 + sizeof...(A)> in{first.data() + offset, (others.data() + offset)...};
    T* out = result.data() + offset;
    if (loop.inner != 1 && !std::is_same_v<State, T>) {
      detail::scan_columns_widely(in, out, loop.extent, loop.inner, count, direction, initial, f);
    } else if (loop.inner != 1) {
      detail::scan_columns(in, out, loop.extent, loop.inner, count, direction, static_cast<T>(initial), f);
    } else if (count == 8) {
      detail::scan_rows<8>(in, out, loop.extent, direction, initial, f);
    } else {
      for (std::size_t r = 0; r < count; ++r) {
        auto row = in;
        for (const T*& data : row) data += r * loop.extent;
        detail::scan_rows<1>(row, out + r * loop.extent, loop.extent, direction, initial, f);
      }
    }
  });
  return result;
}

/// Shifts every entry by one position in the scan's direction, with `fill` in the first position.
template <class T>
Array<T> shift(const Array<T>& x, const AxisLoop& loop, Direction direction, T fill) {
  Array<T> result(x.shape());
  if (x.size() == 0) return result;
  const std::size_t size = loop.extent * loop.inner;
  const std::size_t moved = size - loop.inner;
  const std::size_t from = direction == Direction::forward ? 0 : loop.inner;
  parallel_for(loop.outer, elementwise_grain / size + 1, [&](std::size_t begin, std::size_t end) {
    for (std::size_t o = begin; o < end; ++o) {
      T* out = result.data() + o * size;
      std::copy_n(x.data() + o * size + from, moved, out + (loop.inner - from));
      std::fill_n(direction == Direction::forward ? out : out + moved, loop.inner, fill);
    }
  });
  return result;
}

namespace detail {

/// Replaces every entry of `out` by combine(entry, product of the entries of `in` before it). The `count`
/// lines are `apart` entries apart; both may be compile-time constants.
template <class T, class Count, class Apart, class F>
void exclusive_products(const T* in, T* out, std::size_t extent, std::size_t stride, Count count, Apart apart,
                        Direction direction, F combine) {
  alignas(64) std::array<double, line_capacity<Count>> product;
  std::fill_n(product.begin(), std::size_t(count), 1.0);
  const ScanOrder order(direction, extent, stride);
  std::ptrdiff_t at = order.first;
  for (std::size_t k = 0; k < extent; ++k, at += order.step) {
    for (std::size_t j = 0; j < count; ++j) {
      const std::ptrdiff_t i = at + static_cast<std::ptrdiff_t>(j * apart);
      out[i] = combine(out[i], static_cast<T>(product[j]));
      product[j] *= static_cast<double>(in[i]);
    }
  }
}

}  // namespace detail

/// For every entry, the product of those before it times the product of those after it along the loop's axis.
template <class T>
Array<T> products_of_others(const Array<T>& x, const AxisLoop& loop) {
  Array<T> result(x.shape());
  using std::integral_constant;
  detail::for_line_groups(loop, 8, [&](std::size_t offset, std::size_t count) {
    const auto both_ways = [&](std::size_t line, auto lines, auto apart) {
      const T* in = x.data() + offset + line * loop.extent;
      T* out = result.data() + offset + line * loop.extent;
      detail::exclusive_products(in, out, loop.extent, loop.inner, lines, apart, Direction::forward,
                                 [](T, T before) { return before; });
      detail::exclusive_products(in, out, loop.extent, loop.inner, lines, apart, Direction::backward,
                                 [](T before, T after) { return before * after; });
    };
    if (loop.inner != 1) {
      both_ways(0, count, integral_constant<std::size_t, 1>());
    } else if (count == 8) {
      both_ways(0, integral_constant<std::size_t, 8>(), loop.extent);
    } else {
      for (std::size_t r = 0; r < count; ++r) both_ways(r, integral_constant<std::size_t, 1>(), loop.extent);
    }
  });
  return result;
}

namespace detail {

/// log(sum(exp(x))) of the entries of each row up to each entry. Only the steps that depend on the entry
/// before are computed one by one.
template <class T>
void cumlogsumexp_rows(const T* in, std::size_t rows, std::size_t extent, T* out) {
  constexpr std::size_t block = 512;
  alignas(64) T high[block];    // the largest entry so far
  alignas(64) T before[block];  // the largest entry before
  alignas(64) T power[block];
  alignas(64) T excess[block];
  T largest = Max<T>{}.initial;
  T sum = -1;  // of the exponentials, minus 1
  auto power_of = [](auto x, auto m) { return xsimd::exp(x - where_finite(m)); };
  for (std::size_t first = 0; first < rows * extent; first += block) {
    const std::size_t count = std::min(block, rows * extent - first);
    std::size_t column = first % extent;
    for (std::size_t i = 0; i < count; ++i) {
      before[i] = column == 0 ? Max<T>{}.initial : largest;
      high[i] = largest = Max<T>{}(before[i], in[first + i]);
      if (++column == extent) column = 0;
    }
    const Stream<Step::advance, T> shift{high};
    map_row(power, count, power_of, Stream<Step::advance, T>{in + first}, shift);
    map_row(before, count, power_of, Stream<Step::advance, T>{before}, shift);
    column = first % extent;
    for (std::size_t i = 0; i < count; ++i) {
      if (column == 0) sum = -1;
      excess[i] = sum = power[i] == 1 ? (sum + 1) * before[i] : sum + power[i];
      if (++column == extent) column = 0;
    }
    log_totals(high, excess, count, out + first);
  }
}

}  // namespace detail

/// log(sum(exp(x))) of the entries up to each entry along the loop's axis, without overflow.
template <class T>
Array<T> cumlogsumexp(const Array<T>& x, const AxisLoop& loop) {
  if (loop.inner > 1 && loop.inner < Batch<T>::size) {
    const Array<T> rows = cumlogsumexp(exchange_axes(x, loop.outer, loop.extent, loop.inner),
                                       AxisLoop(Shape{loop.outer * loop.inner, loop.extent}, 1));
    Array<T> result = exchange_axes(rows, loop.outer, loop.inner, loop.extent);
    result.reshape(x.shape());
    return result;
  }
  Array<T> result(x.shape());
  const std::size_t together = 512 / std::max<std::size_t>(1, loop.extent) + 1;
  detail::for_line_groups(loop, together, [&](std::size_t offset, std::size_t count) {
    const T* in = x.data() + offset;
    T* out = result.data() + offset;
    if (loop.inner == 1) {
      detail::cumlogsumexp_rows(in, count, loop.extent, out);
      return;
    }
    alignas(64) T high[detail::line_group];
    alignas(64) T excess[detail::line_group];
    std::fill_n(high, count, Max<T>{}.initial);
    std::fill_n(excess, count, T(-1));
    for (std::size_t k = 0; k < loop.extent; ++k, in += loop.inner, out += loop.inner) {
      detail::add_exp_rows(in, 1, loop.inner, count, high, excess);
      detail::log_totals(high, excess, count, out);
    }
  });
  return result;
}

}  // namespace xgrad::kernels
