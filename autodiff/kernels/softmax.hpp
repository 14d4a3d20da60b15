#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/elementwise.hpp>

/// \file
/// Soft-max along one axis.

namespace xgrad::kernels {

/// An array seen as outer x extent x inner, around one axis.
struct AxisLoop {
  std::size_t outer = 1;
  std::size_t extent;
  std::size_t inner = 1;

  AxisLoop(const Shape& shape, std::size_t axis) : extent(shape[axis]) {
    for (std::size_t i = 0; i < axis; ++i) outer *= shape[i];
    for (std::size_t i = axis + 1; i < shape.size(); ++i) inner *= shape[i];
  }
};

/// softmax (or its logarithm) of x along the loop's axis. The largest entry is subtracted first, so that no
/// power overflows.
template <bool logarithm, class T>
Array<T> softmax(const Array<T>& x, const AxisLoop& loop) {
  Array<T> result(x.shape());
  const std::size_t block = loop.extent * loop.inner;
  if (block == 0) return result;
  auto subtract_and_exp = [](auto p, auto m) { return xsimd::exp(p - m); };
  auto divide = [](auto p, auto s) { return p / s; };
  auto subtract = [](auto p, auto s) { return p - s; };
  using detail::map_row;
  using detail::Step;

  parallel_for(loop.outer, elementwise_grain / block + 1, [&](std::size_t begin, std::size_t end) {
    Array<T> largest(Shape{loop.inner});
    Array<T> total(Shape{loop.inner});
    Array<T> power(Shape{loop.inner == 1 ? loop.extent : loop.inner});
    for (std::size_t o = begin; o < end; ++o) {
      const T* in = x.data() + o * block;
      T* out = result.data() + o * block;
      T* m = largest.data();
      T* s = total.data();
      if (loop.inner == 1) {
        T high = in[0];
        for (std::size_t k = 1; k < loop.extent; ++k) high = in[k] > high || in[k] != in[k] ? in[k] : high;
        T* powers = logarithm ? power.data() : out;
        map_row<Step::advance, Step::repeat>(powers, in, &high, loop.extent, subtract_and_exp);
        T sum = 0;
        for (std::size_t k = 0; k < loop.extent; ++k) sum += powers[k];
        if constexpr (logarithm) {
          const T shift = high + std::log(sum);
          map_row<Step::advance, Step::repeat>(out, in, &shift, loop.extent, subtract);
        } else {
          map_row<Step::advance, Step::repeat>(out, out, &sum, loop.extent, divide);
        }
        continue;
      }
      std::copy_n(in, loop.inner, m);
      for (std::size_t k = 1; k < loop.extent; ++k) {
        const T* row = in + k * loop.inner;
        for (std::size_t j = 0; j < loop.inner; ++j) m[j] = row[j] > m[j] || row[j] != row[j] ? row[j] : m[j];
      }
      std::fill_n(s, loop.inner, T(0));
      for (std::size_t k = 0; k < loop.extent; ++k) {
        T* powers = logarithm ? power.data() : out + k * loop.inner;
        map_row<Step::advance, Step::advance>(powers, in + k * loop.inner, m, loop.inner, subtract_and_exp);
        for (std::size_t j = 0; j < loop.inner; ++j) s[j] += powers[j];
      }
      if constexpr (logarithm) {
        for (std::size_t j = 0; j < loop.inner; ++j) s[j] = m[j] + std::log(s[j]);
      }
      for (std::size_t k = 0; k < loop.extent; ++k) {
        T* row = out + k * loop.inner;
        if constexpr (logarithm) {
          map_row<Step::advance, Step::advance>(row, in + k * loop.inner, s, loop.inner, subtract);
        } else {
          map_row<Step::advance, Step::advance>(row, row, s, loop.inner, divide);
        }
      }
    }
  });
  return result;
}

}  // namespace xgrad::kernels
