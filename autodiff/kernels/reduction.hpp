#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/elementwise.hpp>

#include <vector>

/// \file
/// Reductions of an array over some of its axes.

namespace xgrad::kernels {

/// The axes of a reduction, outermost first, neighbours of one kind joined.
struct ReductionLoop {
  struct Axis {
    std::size_t extent;
    bool reduced;
    std::size_t in_stride = 0;
    std::size_t out_stride = 0;
  };
  xt::svector<Axis, 4> axes;
  std::size_t out_size = 1;

  ReductionLoop(const Shape& shape, const std::vector<bool>& reduced) {
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (!reduced[i]) out_size *= shape[i];
      if (shape[i] == 1) continue;
      if (!axes.empty() && axes.back().reduced == reduced[i]) {
        axes.back().extent *= shape[i];
      } else {
        axes.push_back({shape[i], reduced[i]});
      }
    }
    if (axes.empty()) axes.push_back({1, false});
    std::size_t in_stride = 1;
    std::size_t out_stride = 1;
    for (std::size_t i = axes.size(); i-- > 0;) {
      axes[i].in_stride = in_stride;
      axes[i].out_stride = axes[i].reduced ? 0 : out_stride;
      in_stride *= axes[i].extent;
      if (!axes[i].reduced) out_stride *= axes[i].extent;
    }
  }
};

namespace detail {

/// The reduction of one contiguous row, by halves, so that rounding errors grow with the logarithm of its
/// length only.
template <class T, class Op>
T reduce_row(const T* in, std::size_t count, Op op) {
  constexpr std::size_t width = Batch<T>::size;
  constexpr std::size_t block = 1024;
  if (count > block) {
    const std::size_t half = (count / 2 + block - 1) / block * block;
    return op(reduce_row(in, half, op), reduce_row(in + half, count - half, op));
  }
  T result = op.initial;
  std::size_t i = 0;
  if (count >= 4 * width) {
    std::array<Batch<T>, 4> sums;
    for (std::size_t k = 0; k < 4; ++k) sums[k] = Batch<T>::load_unaligned(in + k * width);
    for (i = 4 * width; i + 4 * width <= count; i += 4 * width) {
      for (std::size_t k = 0; k < 4; ++k) sums[k] = op(sums[k], Batch<T>::load_unaligned(in + i + k * width));
    }
    alignas(64) T lanes[width];
    op(op(sums[0], sums[1]), op(sums[2], sums[3])).store_aligned(lanes);
    for (const T lane : lanes) result = op(result, lane);
  }
  for (; i < count; ++i) result = op(result, in[i]);
  return result;
}

template <class T, class Op>
void reduce_from(const ReductionLoop& loop, std::size_t level, const T* in, T* out, Op op) {
  const ReductionLoop::Axis& axis = loop.axes[level];
  if (level + 1 < loop.axes.size()) {
    for (std::size_t i = 0; i < axis.extent; ++i) {
      reduce_from(loop, level + 1, in + i * axis.in_stride, out + i * axis.out_stride, op);
    }
  } else if (axis.reduced) {
    *out = op(*out, reduce_row(in, axis.extent, op));
  } else {
    for (std::size_t i = 0; i < axis.extent; ++i) out[i] = op(out[i], in[i]);
  }
}

}  // namespace detail

/// Reduces `in` over the axes marked; `out_shape` has as many entries as there are results. `op` combines two
/// numbers or two batches and has its neutral element in `op.initial`.
template <class T, class Op>
Array<T> reduce(const Array<T>& in, const std::vector<bool>& reduced, const Shape& out_shape, Op op) {
  Array<T> result = full<T>(out_shape, op.initial);
  if (in.size() == 0) return result;
  ReductionLoop loop(in.shape(), reduced);
  ReductionLoop::Axis& outermost = loop.axes.front();
  const std::size_t threads = std::min(thread_count(in.size(), elementwise_grain), outermost.extent);
  const std::size_t extent = outermost.extent;
  const auto part = [&](std::size_t begin, std::size_t end, T* out) {
    ReductionLoop share = loop;
    share.axes.front().extent = end - begin;
    detail::reduce_from(share, 0, in.data() + begin * outermost.in_stride, out + begin * outermost.out_stride,
                        op);
  };
  if (!outermost.reduced || threads == 1 || loop.out_size * threads > in.size() / 4) {
    if (outermost.reduced) {
      part(0, extent, result.data());
    } else {
      parallel_parts(extent, threads,
                     [&](std::size_t b, std::size_t e, std::size_t) { part(b, e, result.data()); });
    }
    return result;
  }
  // The threads share the results: each reduces its part on its own, and the parts are combined in order.
  Array<T> parts = full<T>({threads, loop.out_size}, op.initial);
  parallel_parts(extent, threads, [&](std::size_t b, std::size_t e, std::size_t t) {
    part(b, e, parts.data() + t * loop.out_size);
  });
  for (std::size_t t = 0; t < threads; ++t) {
    for (std::size_t i = 0; i < loop.out_size; ++i) {
      result.data()[i] = op(result.data()[i], parts.data()[t * loop.out_size + i]);
    }
  }
  return result;
}

template <class T>
struct Sum {
  T initial = T(0);
  template <class V>
  V operator()(V a, V b) const {
    return a + b;
  }
};

/// The larger of two, NaN where one of them is.
template <class T>
struct Max {
  T initial = -std::numeric_limits<T>::infinity();
  template <class V>
  V operator()(V a, V b) const {
    if constexpr (std::is_arithmetic_v<V>) {
      return a > b || a != a ? a : b;
    } else {
      return xsimd::select((a > b) | xsimd::isnan(a), a, b);
    }
  }
};

}  // namespace xgrad::kernels
