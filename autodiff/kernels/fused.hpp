#pragma once

#include <autodiff/kernels/elementwise.hpp>

#include <cstddef>
#include <utility>

/// \file
/// One formula over any number of operands that broadcast, in one pass.

namespace xgrad::kernels {

namespace detail {

/// out[i] = f(in[i]...), or in[0] of an operand that is repeated.
template <Step... steps, class T, class F, class... In>
void fused_row(F& f, T* out, std::size_t count, const In*... in) {
  constexpr std::size_t width = Batch<T>::size;
  std::size_t i = 0;
  for (; i + width <= count; i += width) f(load<steps>(in, i)...).store_unaligned(out + i);
  if (i < count) store_last(out + i, count - i, f(load_last<steps>(in, i, count - i)...));
}

/// The same, with the operands' steps (0 or 1) found at run time.
template <Step... steps, class T, class F, class... In>
void fused_row_dispatched(F& f, T* out, std::size_t count, const std::size_t* step, const In*... in) {
  if constexpr (sizeof...(steps) == sizeof...(In)) {
    fused_row<steps...>(f, out, count, in...);
  } else if (step[sizeof...(steps)] == 0) {
    fused_row_dispatched<steps..., Step::repeat>(f, out, count, step, in...);
  } else {
    fused_row_dispatched<steps..., Step::advance>(f, out, count, step, in...);
  }
}

/// One entry, without loops and branches: most of what a scalar operation costs is elsewhere.
template <class T, class F, class... In>
void fused_entry(F& f, T* out, const In*... in) {
  alignas(64) T lanes[Batch<T>::size];
  f(Batch<T>(*in)...).store_aligned(lanes);
  *out = lanes[0];
}

}  // namespace detail

/// out[i] = f(in[i]...) over operands that broadcast to `shape`. `f` is called with xsimd batches. `out` may
/// be an operand of that shape.
template <class T, class F, class... In>
void fuse_into(T* out, const Shape& shape, F f, const Array<In>&... in) {
  constexpr std::size_t operands = sizeof...(In);
  const bool one_entry = ((in.size() == 1) && ...);
  if (one_entry) return detail::fused_entry(f, out, in.data()...);
  if (((in.shape() == shape) && ...)) {
    constexpr std::array<std::size_t, operands> step = [] {
      std::array<std::size_t, operands> ones{};
      ones.fill(1);
      return ones;
    }();
    const std::size_t count = element_count(shape);
    parallel_for(count, elementwise_grain, [&](std::size_t begin, std::size_t end) {
      detail::fused_row_dispatched(f, out + begin, end - begin, step.data(), (in.data() + begin)...);
    });
    return;
  }
  const BroadcastLoop<operands> loop(shape, {&in.shape()...});
  parallel_rows(loop, [&](std::size_t row, std::size_t begin, std::size_t end,
                          const std::array<std::size_t, operands>& offsets) {
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      detail::fused_row_dispatched(f, out + row * loop.inner + begin, end - begin, loop.step.data(),
                                   (in.data() + offsets[k] + begin * loop.step[k])...);
    }
    (std::make_index_sequence<operands>{});
  });
}

}  // namespace xgrad::kernels
