#pragma once

#include <autodiff/kernels/batch.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

/// \file
/// Building blocks of elementary functions: polynomials, integers in floating-point registers, powers of two.
///
/// A branch on a whole batch only affects speed: both sides compute the same bits for a lane, so that a
/// result depends neither on the neighbouring lanes nor on the position. fma is called explicitly; without
/// that instruction it rounds twice, and results differ in the last bits from those of processors that have
/// it.

namespace xgrad::kernels {

/// f of each lane, for functions without a vectorised form.
template <class T, class F, class... B>
Batch<T> per_lane(F f, const Batch<T>& x, const B&... others) {
  constexpr std::size_t width = Batch<T>::size;
  alignas(64) T in[1 + sizeof...(B)][width];
  std::size_t operand = 0;
  for (const Batch<T>& each : {x, others...}) each.store_aligned(in[operand++]);
  alignas(64) T out[width];
  for (std::size_t i = 0; i < width; ++i) {
    [&]<std::size_t... k>(std::index_sequence<k...>) {
      out[i] = static_cast<T>(f(in[k][i]...));
    }(std::make_index_sequence<1 + sizeof...(B)>());
  }
  return Batch<T>::load_aligned(out);
}

/// coefficients[0] x^n + ... + coefficients[n].
template <class T, std::size_t N>
Batch<T> polynomial(Batch<T> x, const T (&coefficients)[N]) {
  Batch<T> result(coefficients[0]);
  for (std::size_t i = 1; i < N; ++i) result = multiply_add<T>(result, x, Batch<T>(coefficients[i]));
  return result;
}

namespace detail {

/// The unsigned integer of T's size, and the layout of T's bits.
template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
template <class T>
inline constexpr int mantissa = std::numeric_limits<T>::digits - 1;  // bits
template <class T>
inline constexpr int bias = std::numeric_limits<T>::max_exponent - 1;
template <class T>
inline constexpr T smallest_normal = std::numeric_limits<T>::min();

template <class T>
xsimd::batch<Bits<T>> bits_of(const Batch<T>& x) {
  return bitwise_cast<Bits<T>>(x);
}
template <class T>
Batch<T> from_bits(const xsimd::batch<Bits<T>>& bits) {
  return bitwise_cast<T>(bits);
}

/// Added to a number, puts the nearest integer into the lowest bits of the sum.
template <class T>
inline constexpr T rounder = T(3) * static_cast<T>(Bits<T>(1) << (mantissa<T> - 1));

/// x rounded to the nearest integer, for small x.
template <class T>
Batch<T> nearest(const Batch<T>& x) {
  return (x + Batch<T>(rounder<T>)) - Batch<T>(rounder<T>);
}

/// 2^n for an integer n in the range of normal exponents; infinite for the next exponent above it.
template <class T>
Batch<T> power_of_two(const Batch<T>& n) {
  const Batch<T> low = n + Batch<T>(rounder<T> + T(bias<T>));
  return from_bits<T>(bits_of<T>(low) << mantissa<T>);
}

/// x 2^n, rounded once, for x near 1 and n within twice the range of exponents.
template <class T>
Batch<T> scale(const Batch<T>& x, const Batch<T>& n) {
  const Batch<T> half = nearest<T>(n * Batch<T>(T(0.5)));
  return x * power_of_two<T>(half) * power_of_two<T>(n - half);
}

/// A positive normal number as 2^exponent times mantissa, with the mantissa between `from` and 2 `from`;
/// from <= 1.
template <class T>
struct Split {
  Batch<T> exponent;
  Batch<T> mantissa;

  Split(const Batch<T>& x, T from) {
    using I = xsimd::batch<Bits<T>>;
    constexpr Bits<T> one = Bits<T>(bias<T>) << kernels::detail::mantissa<T>;
    const Bits<T> start = std::bit_cast<Bits<T>>(from);
    const I shifted = bits_of<T>(x) + I(one - start);
    constexpr Bits<T> fraction = (Bits<T>(1) << kernels::detail::mantissa<T>)-1;
    mantissa = from_bits<T>((shifted & I(fraction)) + I(start));
    constexpr T unit = static_cast<T>(Bits<T>(1) << kernels::detail::mantissa<T>);
    exponent = from_bits<T>((shifted >> kernels::detail::mantissa<T>) | I(std::bit_cast<Bits<T>>(unit))) -
               Batch<T>(unit + T(bias<T>));
  }
};

/// Scales subnormal lanes of x to normal numbers; returns the number to be subtracted from their exponents.
template <class T>
Batch<T> make_normal(Batch<T>& x) {
  using V = Batch<T>;
  const auto small = x < V(smallest_normal<T>);
  if (!xsimd::any(small)) return V(T(0));
  constexpr int shift = std::numeric_limits<T>::digits;
  x = xsimd::select(small, x * V(std::ldexp(T(1), shift)), x);
  return xsimd::select(small, V(T(shift)), V(T(0)));
}

}  // namespace detail

}  // namespace xgrad::kernels
