#pragma once

#include <autodiff/kernels/logarithm.hpp>

/// \file
/// Powers and roots of batches.

namespace xgrad::kernels {

namespace detail {

/// A number high + low of twice the precision; the low part is far smaller.
template <class T>
struct Two {
  Batch<T> high;
  Batch<T> low;
};

/// a + b, exactly, for |a| >= |b| or a = 0.
template <class T>
Two<T> exact_sum(const Batch<T>& a, const Batch<T>& b) {
  const Batch<T> sum = a + b;
  return {sum, b - (sum - a)};
}

/// a b, exactly; neither the product nor its parts may overflow.
template <class T>
Two<T> exact_product(const Batch<T>& a, const Batch<T>& b) {
  const Batch<T> product = a * b;
  if constexpr (has_fma) {
    return {product, multiply_add<T>(a, b, -product)};
  } else {
    // By the products of their halves (Dekker, Numerische Mathematik 18, 1971).
    const auto half = [](const Batch<T>& x) {
      constexpr int digits = (std::numeric_limits<T>::digits + 1) / 2;
      const Batch<T> wide = x * Batch<T>(std::ldexp(T(1), digits) + T(1));
      return wide - (wide - x);
    };
    const Batch<T> a_high = half(a), b_high = half(b);
    const Batch<T> a_low = a - a_high, b_low = b - b_high;
    return {product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low};
  }
}

template <class T>
Two<T> product(const Two<T>& a, const Two<T>& b) {
  Two<T> result = exact_product<T>(a.high, b.high);
  result.low += a.high * b.low + a.low * b.high;
  return result;
}

template <class T>
Two<T> product(const Batch<T>& a, const Two<T>& b) {
  Two<T> result = exact_product<T>(a, b.high);
  result.low += a * b.low;
  return result;
}

/// 2/3 in two parts, and (log((1 + s) / (1 - s)) - 2 s - 2 s^3 / 3) / s^5 in powers of s^2 for mantissas
/// between sqrt(1/2) and sqrt(2).
template <class T>
struct PowFit;

template <>
struct PowFit<double> {
  static constexpr double third_high = 0x1.5555555555555p-1, third_low = 3.7007434154171884681e-17;
  static constexpr double fit[] = {0.107706731768097272, 0.104554066242404599, 0.117668547241269688,
                                   0.133332955592111573, 0.153846157737795922, 0.18181818179568829,
                                   0.222222222222287303, 0.285714285714285642, 0.4};
};

template <>
struct PowFit<float> {
  static constexpr float third_high = 0.6666666865348816F, third_low = -1.98682149251e-8F;
  static constexpr float fit[] = {0.230546662016212749F, 0.285620806514488019F, 0.400000154994451894F};
};

/// log(x) of a positive number in two parts.
template <class T>
Two<T> log_in_two(Batch<T> x) {
  using V = Batch<T>;
  const V lifted = make_normal<T>(x);
  const Split<T> split(x, T(0.5) * std::numbers::sqrt2_v<T>);
  const V e = split.exponent - lifted;
  const V& m = split.mantissa;
  // s = (m - 1) / (m + 1)
  const V above = m - V(T(1));
  const V below = m + V(T(1));
  const V below_low = m - (below - V(T(1)));
  Two<T> s{above / below, V(T(0))};
  const Two<T> back = exact_product<T>(s.high, below);
  s.low = (((above - back.high) - back.low) - s.high * below_low) / below;
  const Two<T> square = product<T>(s, s);
  const V tail = polynomial(square.high, PowFit<T>::fit) * square.high;
  Two<T> cubic = exact_sum<T>(V(PowFit<T>::third_high), tail);
  cubic.low += V(PowFit<T>::third_low);
  const Two<T> rest = product<T>(product<T>(s, square), cubic);
  Two<T> result = exact_sum<T>(e * V(ExpFit<T>::ln2_high), s.high + s.high);
  result.low += s.low + s.low + multiply_add<T>(e, V(ExpFit<T>::ln2_low), rest.low);
  const V low = result.low;
  result = exact_sum<T>(result.high, rest.high);
  result.low += low;
  return exact_sum<T>(result.high, result.low);
}

/// e^x 2^shift of a number in two parts.
template <class T>
Batch<T> exp_of_two(const Two<T>& x, int shift) {
  using V = Batch<T>;
  const V n = exponent_of<T>(x.high);
  const V high = multiply_add<T>(n, V(-ExpFit<T>::ln2_high), x.high);
  const V low = multiply_add<T>(n, V(-ExpFit<T>::ln2_low), x.low);
  const V r = high + low;
  const V rest = low - (r - high);
  const V tail = multiply_add<T>(polynomial(r, ExpFit<T>::expm1), r * r, rest + r * rest);
  return scale<T>(V(T(1)) + (r + tail), n + V(T(shift)));
}

/// |a|^b for |a| != 1.
template <class T>
Batch<T> power_of_size(const Batch<T>& size, const Batch<T>& b) {
  using V = Batch<T>;
  const V infinity(std::numeric_limits<T>::infinity());
  Two<T> log = log_in_two<T>(size);
  log.high = xsimd::select(size == V(T(0)), -infinity, xsimd::select(size < infinity, log.high, size));
  const V estimate = log.high * b;
  constexpr T end = sizeof(T) == 4 ? T(160) : T(800);  // the result is 0 or infinite from there on
  const V near = clamp_to<T>(estimate, -end, end);
  Two<T> exponent = exact_product<T>(log.high, b);
  exponent.low = multiply_add<T>(log.low, b, exponent.low);
  exponent.low = xsimd::select(near == estimate, exponent.low, V(T(0)));
  exponent.high = near;
  return exp_of_two<T>(exponent, 0);
}

}  // namespace detail

/// a^b, with the special values of IEEE 754.
template <class T>
Batch<T> pow(Batch<T> a, Batch<T> b) {
  using V = Batch<T>;
  const V zero(T(0)), one(T(1)), infinity(std::numeric_limits<T>::infinity());
  const V size = xsimd::abs(a);
  V result = detail::power_of_size<T>(size, b);
  result = xsimd::select((size == one) & (b == b), one, result);
  const auto negative = xsimd::copysign(one, a) < zero;
  if (xsimd::any(negative)) {
    const V half = b * V(T(0.5));
    const auto whole = xsimd::trunc(b) == b;
    const auto odd = whole & (xsimd::trunc(half) != half);
    result = xsimd::select(negative & odd, -result, result);
    const auto finite = (a < zero) & (size < infinity);
    result = xsimd::select(finite & !whole, V(std::numeric_limits<T>::quiet_NaN()), result);
  }
  return xsimd::select((b == zero) | (a == one), one, result);
}

/// x^c: by multiplication or division for integers c from -2 to 4, by pow for other exponents.
template <class T>
Batch<T> power_of_number(Batch<T> x, T c) {
  using V = Batch<T>;
  if (c == T(0)) return V(T(1));
  if (c == T(1)) return x;
  if (c == T(2)) return x * x;
  if (c == T(3)) return x * x * x;
  if (c == T(4)) return (x * x) * (x * x);
  const V inverse = V(T(1)) / x;
  if (c == T(-1)) return inverse;
  if (c == T(-2)) return inverse * inverse;  // x^2 may overflow although x^-2 is subnormal
  return kernels::pow<T>(x, V(c));
}

namespace detail {

/// A minimax fit of the cube root of numbers between 1 and 2.
inline constexpr double cube_root_fit[] = {-0.0106038477954088701, 0.0860911032238303061,
                                           -0.300611129529614415, 0.718153628345782539, 0.506979451608975875};

}  // namespace detail

/// The cube root, also of negative numbers.
template <class T>
Batch<T> cbrt(Batch<T> x) {
  using V = Batch<T>;
  V size = xsimd::abs(x);
  const V lifted = detail::make_normal<T>(size);  // by 24 or 53; the exponent need not be a multiple of 3
  const detail::Split<T> split(size, T(1));
  const V e = split.exponent - lifted;
  const V third = detail::nearest<T>((e - V(T(1))) * V(T(1) / T(3)));
  const V rest = e - V(T(3)) * third;  // 0, 1 or 2
  const V m = split.mantissa * xsimd::select(rest > V(T(1)), V(T(4)), V(T(1)) + rest);
  const V root = xsimd::select(rest > V(T(1)), V(T(1.5874010519681994748)),
                               xsimd::select(rest > V(T(0)), V(T(1.2599210498948731648)), V(T(1))));
  constexpr auto& c = detail::cube_root_fit;
  constexpr T fit[] = {T(c[0]), T(c[1]), T(c[2]), T(c[3]), T(c[4])};
  V y = polynomial(split.mantissa, fit) * root;
  // Halley's method, which triples the number of correct digits; the last step uses a cube that is not
  // rounded.
  if constexpr (sizeof(T) == 8) {
    const V cube = y * y * y;
    y = multiply_add<T>(y, (m - cube) / (cube + cube + m), y);
  }
  const detail::Two<T> square = detail::exact_product<T>(y, y);
  const detail::Two<T> cube = detail::exact_product<T>(square.high, y);
  const V missing = (m - cube.high) - multiply_add<T>(square.low, y, cube.low);
  y = multiply_add<T>(y, missing / (cube.high + cube.high + m), y);
  const V value = xsimd::copysign(y * detail::power_of_two<T>(third), x);
  const auto ordinary = (size > V(T(0))) & (size < V(std::numeric_limits<T>::infinity()));
  return xsimd::select(ordinary, value, x);
}

/// sqrt(a^2 + b^2), without overflow or underflow of the squares; infinite if a or b is infinite, even if the
/// other is NaN.
template <class T>
Batch<T> hypot(Batch<T> a, Batch<T> b) {
  using V = Batch<T>;
  constexpr int far = sizeof(T) == 4 ? 50 : 500;  // squares of numbers between 2^-far and 2^far are normal
  const V p = xsimd::abs(a), q = xsimd::abs(b);
  const V larger = xsimd::select(p < q, q, p), smaller = xsimd::select(p < q, p, q);
  const auto power = [](int exponent) { return V(std::ldexp(T(1), exponent)); };
  const V scale = xsimd::select(larger > power(far), power(-far - 30),
                                xsimd::select(larger < power(-far), power(far + 50), V(T(1))));
  const V x = larger * scale, y = smaller * scale;
  const V infinity(std::numeric_limits<T>::infinity());
  return xsimd::select((p == infinity) | (q == infinity), infinity,
                       xsimd::sqrt(multiply_add<T>(x, x, y * y)) / scale);
}

/// The remainder of a / b with the sign of a, as std::fmod.
template <class T>
Batch<T> fmod(Batch<T> a, Batch<T> b) {
  return per_lane([](T p, T q) { return std::fmod(p, q); }, a, b);
}

}  // namespace xgrad::kernels
