#pragma once

#include <autodiff/kernels/scaling.hpp>

#include <numbers>

/// \file
/// Trigonometric functions of batches. xsimd's sin, cos and tan reduce an angle in a way that depends on the
/// other lanes, so they are not used; its inverse functions are within 4 units in the last place everywhere.

namespace xgrad::kernels {

namespace detail {

/// pi / 2 in parts: `fused`, with all bits each, for machines whose multiply_add rounds once; `parts` for
/// others, all but the last with so few bits that their products with the quadrant numbers of angles up to
/// `far` are exact, as are the differences of the angle and the first `exact` of them. `sine` and `cosine`
/// are minimax fits for |r| <= pi / 4 of (sin(r) / r - 1) / r^2 and (cos(r) - 1 + r^2 / 2) / r^4 in powers of
/// r^2.
template <class T>
struct SineFit;

template <>
struct SineFit<double> {
  static constexpr double far = 1.6e6;
  static constexpr std::size_t exact = 1;
  static constexpr double parts[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69,
                                     0x1.b839a252049c1p-104};
  static constexpr double fused[] = {0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54, -0x1.f1976b7ed8fbcp-110};
  static constexpr double sine[] = {1.58903069685928575e-10,  -2.50506477687021599e-8, 2.75573129995270618e-6,
                                    -0.000198412698278552405, 0.00833333333332004024,  -0.166666666666666228};
  static constexpr double cosine[] = {-1.13552041410271345e-11, 2.08756387903157455e-9,
                                      -2.75573137425728197e-7,  0.0000248015872874199659,
                                      -0.00138888888888709144,  0.0416666666666665816};
};

template <>
struct SineFit<float> {
  static constexpr float far = 6400;
  static constexpr std::size_t exact = 2;
  static constexpr float parts[] = {0x1.92p+0F, 0x1.fb4p-12F, 0x1.444p-24F, 2.563344151594519e-12F};
  static constexpr float fused[] = {0x1.921fb6p+0F, -0x1.777a5cp-25F, -0x1.ee59dap-50F};
  static constexpr float sine[] = {-0.000195043168914811005F, 0.00833208345492033454F,
                                   -0.166666534711203083F};
  static constexpr float cosine[] = {0.0000244238990642153901F, -0.00138872428435314517F,
                                     0.041666644380522226F};
};

/// The number of whole quadrants in x, and the sine and cosine of the remaining angle. The cosine is within
/// 0.9 ulp, or within 1.1 without `exact_cosine`.
template <class T, bool exact_cosine = true>
struct Quadrant {
  Batch<T> sine;
  Batch<T> cosine;
  xsimd::batch<Bits<T>> number;

  explicit Quadrant(const Batch<T>& x) {
    using V = Batch<T>;
    using Fit = SineFit<T>;
    const V raised = x * V(T(2 * std::numbers::inv_pi)) + V(rounder<T>);
    const V n = raised - V(rounder<T>);
    number = bits_of<T>(raised);
    V r = x, low(T(0));
    if constexpr (has_fma) {
      // The first difference is exact; the rounding error of the second is added to the results.
      const V before = multiply_add<T>(-n, V(Fit::fused[0]), x);
      const V part = n * V(Fit::fused[1]);
      r = before - part;
      const V lost = multiply_add<T>(n, V(Fit::fused[1]), -part);
      low = multiply_add<T>(-n, V(Fit::fused[2]), (before - r) - part) - lost;
    } else {
      // The parts are subtracted one by one; the rounding errors of the last ones are added to the results.
      constexpr std::size_t end = std::size(Fit::parts) - 1;
      V lost(T(0));
      for (std::size_t k = 0; k < end; ++k) {
        const V part = n * V(Fit::parts[k]);
        const V before = r;
        r = before - part;
        if (k >= Fit::exact) lost += part - (before - r);
      }
      const V last = multiply_add<T>(n, V(Fit::parts[end]), lost);
      const V before = r;
      r = before - last;
      low = (before - r) - last;
    }
    const V square = r * r;
    sine = r + multiply_add<T>(polynomial(square, Fit::sine), square * r, low);
    const V half = V(T(0.5)) * square;
    const V high = V(T(1)) - half;
    V rest = polynomial(square, Fit::cosine) * (square * square);
    if constexpr (exact_cosine) rest = multiply_add<T>(-r, low, rest);
    cosine = high + (((V(T(1)) - high) - half) + rest);
  }

  /// The lanes in odd quadrants, where sine and cosine are exchanged.
  auto is_odd() const {
    using I = xsimd::batch<Bits<T>>;
    return from_bits<T>((number & I(1)) << mantissa<T>) != Batch<T>(T(0));
  }

  /// x with the sign of the quadrant that is `further` quadrants ahead.
  Batch<T> with_sign(const Batch<T>& x, Bits<T> further) const {
    using I = xsimd::batch<Bits<T>>;
    constexpr int to_sign = std::numeric_limits<Bits<T>>::digits - 2;
    return from_bits<T>(bits_of<T>(x) ^ (((number + I(further)) & I(2)) << to_sign));
  }
};

/// `value`, but the standard library's function where x is too large for the reduction to be exact.
template <class T, class F>
Batch<T> where_far(const Batch<T>& x, const Batch<T>& value, F exact) {
  const auto far = xsimd::abs(x) > Batch<T>(SineFit<T>::far);
  if (!xsimd::any(far)) return value;
  const auto precise = [exact](T p) { return std::abs(p) > SineFit<T>::far ? exact(double(p)) : 0.0; };
  return xsimd::select(far, per_lane(precise, x), value);
}

}  // namespace detail

template <class T>
Batch<T> sin(Batch<T> x) {
  const detail::Quadrant<T> q(x);
  const Batch<T> value = q.with_sign(xsimd::select(q.is_odd(), q.cosine, q.sine), 0);
  return detail::where_far<T>(x, xsimd::select(x == Batch<T>(T(0)), x, value),
                              [](double p) { return std::sin(p); });
}

template <class T>
Batch<T> cos(Batch<T> x) {
  const detail::Quadrant<T> q(x);
  const Batch<T> value = q.with_sign(xsimd::select(q.is_odd(), q.sine, q.cosine), 1);
  return detail::where_far<T>(x, value, [](double p) { return std::cos(p); });
}

template <class T>
Batch<T> tan(Batch<T> x) {
  const detail::Quadrant<T, false> q(x);
  const auto odd = q.is_odd();
  const Batch<T> value = xsimd::select(odd, -q.cosine, q.sine) / xsimd::select(odd, q.sine, q.cosine);
  return detail::where_far<T>(x, xsimd::select(x == Batch<T>(T(0)), x, value),
                              [](double p) { return std::tan(p); });
}

template <class T>
Batch<T> asin(Batch<T> x) {
  return xsimd::asin(x);
}

template <class T>
Batch<T> acos(Batch<T> x) {
  return xsimd::acos(x);
}

template <class T>
Batch<T> atan(Batch<T> x) {
  return xsimd::atan(x);
}

/// The angle of the point (x, y), as std::atan2.
template <class T>
Batch<T> atan2(Batch<T> y, Batch<T> x) {
  // The quotient is NaN if both are 0 or both infinite: the angle is then that of the nearest diagonal or
  // axis.
  using V = Batch<T>;
  const V infinity(std::numeric_limits<T>::infinity());
  const auto infinite = (xsimd::abs(x) == infinity) & (xsimd::abs(y) == infinity);
  const auto zero = (x == V(T(0))) & (y == V(T(0)));
  const V one(T(1));
  return xsimd::atan2(xsimd::select(infinite, xsimd::copysign(one, y), y),
                      xsimd::select(infinite | zero, xsimd::copysign(one, x), x));
}

}  // namespace xgrad::kernels
