#pragma once

#include <autodiff/kernels/exponential.hpp>

/// \file
/// Logarithms of batches, including subnormal numbers.

namespace xgrad::kernels {

namespace detail {

/// (log(1 + f) - 2 s) / s in powers of s^2 from s^2 on, s = f / (2 + f): the fits of Sun's fdlibm.
template <class T>
struct LogFit;

template <>
struct LogFit<double> {
  static constexpr double fit[] = {
      1.479819860511658591e-01, 1.531383769920937332e-01, 1.818357216161805012e-01, 2.222219843214978396e-01,
      2.857142874366239149e-01, 3.999999999940941908e-01, 6.666666666666735130e-01};
  static constexpr double log10_2_high = 3.01029995663611771306e-01, log10_2_low = 3.69423907715893078616e-13;
};

template <>
struct LogFit<float> {
  static constexpr float fit[] = {0.24279078841F, 0.28498786688F, 0.40000972152F, 0.66666662693F};
  static constexpr float log10_2_high = 3.0102920532e-01F, log10_2_low = 7.9034151668e-07F;
};

/// log(1 + f) - f + f^2 / 2, and f^2 / 2, for 1 + f between sqrt(1/2) and sqrt(2).
template <class T>
std::pair<Batch<T>, Batch<T>> log_rest(const Batch<T>& f) {
  using V = Batch<T>;
  const V s = f / (V(T(2)) + f);
  const V square = s * s;
  const V half = V(T(0.5)) * f * f;
  return {s * multiply_add<T>(polynomial(square, LogFit<T>::fit), square, half), half};
}

/// exponent log(2) + log(1 + f).
template <class T>
Batch<T> log_of_parts(const Batch<T>& exponent, const Batch<T>& f) {
  using V = Batch<T>;
  const auto [rest, half] = log_rest<T>(f);
  const V low = multiply_add<T>(exponent, V(ExpFit<T>::ln2_low), rest);
  return multiply_add<T>(exponent, V(ExpFit<T>::ln2_high), f - (half - low));
}

/// A positive number as 2^exponent (1 + f), with 1 + f between sqrt(1/2) and sqrt(2).
template <class T>
struct LogParts {
  Batch<T> exponent;
  Batch<T> f;

  explicit LogParts(Batch<T> x) {
    const Batch<T> lifted = make_normal<T>(x);
    const Split<T> split(x, T(0.5) * std::numbers::sqrt2_v<T>);
    exponent = split.exponent - lifted;
    f = split.mantissa - Batch<T>(T(1));
  }
};

/// Replaces `value` by the logarithm's special values where x is not positive or not finite.
template <class T>
Batch<T> log_at_ends(const Batch<T>& x, const Batch<T>& value) {
  using V = Batch<T>;
  const V infinity(std::numeric_limits<T>::infinity());
  const auto inside = (x > V(T(0))) & (x < infinity);
  if (xsimd::all(inside)) return value;
  const V below = xsimd::select(x == V(T(0)), -infinity, V(std::numeric_limits<T>::quiet_NaN()));
  return xsimd::select(inside, value, xsimd::select(x == infinity, x, below));
}

}  // namespace detail

/// The natural logarithm.
template <class T>
Batch<T> log(Batch<T> x) {
  const detail::LogParts<T> parts(x);
  return detail::log_at_ends<T>(x, detail::log_of_parts<T>(parts.exponent, parts.f));
}

/// The logarithm to base 2; exact for powers of 2.
template <class T>
Batch<T> log2(Batch<T> x) {
  const detail::LogParts<T> parts(x);
  const auto [rest, half] = detail::log_rest<T>(parts.f);
  const Batch<T> fraction = parts.f - (half - rest);
  return detail::log_at_ends<T>(
      x, multiply_add<T>(fraction, Batch<T>(std::numbers::log2e_v<T>), parts.exponent));
}

/// The logarithm to base 10.
template <class T>
Batch<T> log10(Batch<T> x) {
  using V = Batch<T>;
  using Fit = detail::LogFit<T>;
  const detail::LogParts<T> parts(x);
  const auto [rest, half] = detail::log_rest<T>(parts.f);
  const V fraction = parts.f - (half - rest);
  const V low = multiply_add<T>(fraction, V(std::numbers::log10e_v<T>), parts.exponent * V(Fit::log10_2_low));
  return detail::log_at_ends<T>(x, multiply_add<T>(parts.exponent, V(Fit::log10_2_high), low));
}

/// log(1 + x), accurate where the result is small. The rounded sum 1 + x only provides the exponent n; the
/// remainder is f = x 2^-n + (2^-n - 1), rounded once.
template <class T>
Batch<T> log1p(Batch<T> x) {
  using V = Batch<T>;
  constexpr T large = sizeof(T) == 4 ? T(1e12) : T(1e24);  // beyond it 1 + x = x; up to it 2^-n is normal
  const V sum = V(T(1)) + x;
  const detail::Split<T> split(sum, T(0.5) * std::numbers::sqrt2_v<T>);
  const V unit = detail::power_of_two<T>(-split.exponent);
  const V f = multiply_add<T>(x, unit, unit - V(T(1)));
  V value = detail::log_at_ends<T>(sum, detail::log_of_parts<T>(split.exponent, f));
  const auto far = x > V(large);
  if (xsimd::any(far)) value = xsimd::select(far, kernels::log<T>(x), value);
  return xsimd::copysign(value, x);
}

/// log(1 + e^x), without overflow and accurate where the result is small.
template <class T>
Batch<T> softplus(Batch<T> x) {
  using V = Batch<T>;
  const V positive = xsimd::select(x < V(T(0)), V(T(0)), x);
  return positive + kernels::log1p<T>(kernels::exp<T>(-xsimd::abs(x)));
}

namespace detail {

/// e^-|a - b|; 1 for equal infinities. The difference is kept in two parts, because its rounding error would
/// grow with it.
template <class T>
Batch<T> exp_of_distance(const Batch<T>& a, const Batch<T>& b) {
  using V = Batch<T>;
  const V difference = xsimd::select(a == b, V(T(0)), a - b);
  const V back = difference - a;
  const V rest = (a - (difference - back)) - (b + back);
  const V low = xsimd::select(rest == rest, rest, V(T(0)));  // NaN if a or b is infinite
  return exp_raised<T>(-xsimd::abs(difference), xsimd::select(difference < V(T(0)), low, -low), 0);
}

}  // namespace detail

/// log(e^a + e^b).
template <class T>
Batch<T> logaddexp(Batch<T> a, Batch<T> b) {
  using V = Batch<T>;
  const V larger = xsimd::select(a > b, a, b);
  const V sum = larger + kernels::log1p<T>(detail::exp_of_distance<T>(a, b));
  return xsimd::select(a == b, a + V(std::numbers::ln2_v<T>), sum);
}

/// e^a / (e^a + e^b); 1/2 for equal infinities.
template <class T>
Batch<T> logaddexp_share(Batch<T> a, Batch<T> b) {
  using V = Batch<T>;
  const V small = detail::exp_of_distance<T>(a, b);
  return xsimd::select(a < b, small, V(T(1))) / (V(T(1)) + small);
}

}  // namespace xgrad::kernels
