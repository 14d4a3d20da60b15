#pragma once

#include <autodiff/array.hpp>
#include <autodiff/kernels/rows.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

/// \file
/// Products of many factors along an axis. Significands are multiplied in double and exponents added
/// separately, so that no partial product overflows or underflows, and the product of a million floats is
/// accurate to float's precision.

namespace xgrad::kernels {

namespace detail {

/// The exponent that `significand` removes from a number: 0 for 0, subnormal numbers, infinities and NaN.
inline std::int64_t exponent_of(double x) {
  const auto field = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(x) >> 52 & 0x7ff);
  return field == 0 || field == 0x7ff ? 0 : field - 1023;
}

/// x / 2^exponent, of magnitude in [1, 2).
inline double significand(double x, std::int64_t exponent) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) -
                               (static_cast<std::uint64_t>(exponent) << 52));
}

/// The products of several columns.
template <std::size_t capacity>
class ScaledProducts {
 public:
  static constexpr std::size_t together = 4;  ///< factors between calls of `normalize`

  ScaledProducts() {
    std::fill_n(significands_, capacity, 1.0);
    std::fill_n(exponents_, capacity, std::int64_t{0});
  }

  /// Multiplies column j by in[j]. With float, `normalize` must be called after at most `together` calls.
  void multiply(const float* in, std::size_t count) {
    for (std::size_t j = 0; j < count; ++j) significands_[j] *= static_cast<double>(in[j]);
  }
  void multiply(const double* in, std::size_t count) {
    for (std::size_t j = 0; j < count; ++j) {
      const bool is_small = std::abs(in[j]) < 0x1p-960;  // subnormal numbers have no exponent of their own
      const double x = is_small ? in[j] * 0x1p64 : in[j];
      const std::int64_t exponent = exponent_of(x);
      significands_[j] *= significand(x, exponent);
      exponents_[j] += exponent - (is_small ? 64 : 0);
    }
  }

  void normalize(std::size_t count) {
    for (std::size_t j = 0; j < count; ++j) {
      const std::int64_t exponent = exponent_of(significands_[j]);
      significands_[j] = significand(significands_[j], exponent);
      exponents_[j] += exponent;
    }
  }

  /// Multiplies column j by column k of other products.
  template <std::size_t other>
  void multiply(std::size_t j, const ScaledProducts<other>& others, std::size_t k) {
    const double product = significands_[j] * others.significands_[k];
    const std::int64_t exponent = exponent_of(product);
    significands_[j] = significand(product, exponent);
    exponents_[j] += others.exponents_[k] + exponent;
  }

  /// The product of column j, rounded once.
  double result(std::size_t j) const {
    constexpr std::int64_t beyond = 4096;  // beyond any number's exponent
    return std::ldexp(significands_[j], static_cast<int>(std::clamp(exponents_[j], -beyond, beyond)));
  }

 private:
  template <std::size_t>
  friend class ScaledProducts;
  alignas(64) double significands_[capacity];
  alignas(64) std::int64_t exponents_[capacity];
};

/// The products of `columns` columns of rows that are `stride` apart.
template <std::size_t capacity, class T>
void multiply_rows(const T* in, std::size_t rows, std::size_t stride, std::size_t columns,
                   ScaledProducts<capacity>& products) {
  for (std::size_t r = 0; r < rows; ++r) {
    products.multiply(in + r * stride, columns);
    if (r % products.together == products.together - 1) products.normalize(columns);
  }
  products.normalize(columns);
}

/// The product of a row.
template <class T>
ScaledProducts<1> multiply_row(const T* in, std::size_t count) {
  constexpr std::size_t lanes = 32;
  ScaledProducts<1> product;
  std::size_t done = 0;
  if (count >= 4 * lanes) {
    ScaledProducts<lanes> all;
    multiply_rows(in, count / lanes, lanes, lanes, all);
    for (std::size_t j = 0; j < lanes; ++j) product.multiply(0, all, j);
    done = count / lanes * lanes;
  }
  multiply_rows(in + done, count - done, 1, 1, product);
  return product;
}

}  // namespace detail

/// The products along the loop's axis, which is kept with extent 1.
template <class T>
Array<T> products(const Array<T>& x, const AxisLoop& loop) {
  Array<T> result = full<T>(loop.kept, T(1));
  if (x.size() == 0) return result;
  if (loop.inner == 1 && loop.outer == 1) {
    const std::size_t threads = thread_count(x.size(), elementwise_grain);
    std::vector<detail::ScaledProducts<1>> parts(threads);
    parallel_parts(loop.extent, threads, [&](std::size_t begin, std::size_t end, std::size_t t) {
      parts[t] = detail::multiply_row(x.data() + begin, end - begin);
    });
    for (std::size_t t = 1; t < threads; ++t) parts[0].multiply(0, parts[t], 0);
    result.data()[0] = static_cast<T>(parts[0].result(0));
    return result;
  }
  if (loop.inner == 1) {
    parallel_for(loop.outer, elementwise_grain / loop.extent + 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t o = begin; o < end; ++o) {
        result.data()[o] =
            static_cast<T>(detail::multiply_row(x.data() + o * loop.extent, loop.extent).result(0));
      }
    });
    return result;
  }
  constexpr std::size_t block = 256;  // columns; their products stay in the L1 cache
  const std::size_t blocks = (loop.inner + block - 1) / block;
  const std::size_t grain = elementwise_grain / (loop.extent * std::min(block, loop.inner)) + 1;
  parallel_for(loop.outer * blocks, grain, [&](std::size_t begin, std::size_t end) {
    for (std::size_t item = begin; item < end; ++item) {
      const std::size_t first = item % blocks * block;
      const std::size_t columns = std::min(block, loop.inner - first);
      const std::size_t outer = item / blocks;
      detail::ScaledProducts<block> all;
      detail::multiply_rows(x.data() + outer * loop.extent * loop.inner + first, loop.extent, loop.inner,
                            columns, all);
      T* out = result.data() + outer * loop.inner + first;
      for (std::size_t j = 0; j < columns; ++j) out[j] = static_cast<T>(all.result(j));
    }
  });
  return result;
}

}  // namespace xgrad::kernels
