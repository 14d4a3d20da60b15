#pragma once

#include <autodiff/kernels/power.hpp>

/// \file
/// The error function, the normal distribution, and GELU, for batches. Small values are computed from
/// exp(-x^2), with an exact square, and stay scaled up by a power of two until the last rounding.

namespace xgrad::kernels {

namespace detail {

/// Minimax fits, computed for this file: `small` is erf(x) / x in powers of x^2 for |x| <= 1/2, `tail` is
/// (1 + 2 x) exp(x^2) erfc(x) in powers of (x - centre) / (x + centre) from there to `end`, beyond which
/// erfc(x) is not a normal number (the form of Shepherd and Laframboise, Mathematics of Computation 36,
/// 1981).
template <class T>
struct ErfFit;

template <>
struct ErfFit<double> {
  static constexpr double centre = 3, end = 28;
  static constexpr double small[] = {
      1.47258654805567439e-6,   -1.48458492597078698e-5, 0.000120533351243537407,
      -0.000854829775367496688, 0.00522397737302147002,  -0.0268661706328879294,
      0.112837916709253531,     -0.376126389031834735,   1.12837916709551257};
  static constexpr double tail[] = {
      -1.54105529247466683e-8,  2.292393009921899e-8,   1.11775284631957704e-7,  -1.21692406276396538e-7,
      -6.29912910328254128e-7,  3.44825369682477919e-7, 3.48168698345204623e-6,  -7.27060310988293019e-7,
      -2.0104454851557475e-5,   4.94845353391924817e-6, 0.000125100373138233607, -0.000105159652247351902,
      -0.000779832439879313293, 0.00188869034660493786, 0.00252939183267518599,  -0.0237705149180364438,
      0.0683080273430707668,    -0.119273663415324318,  0.129645158702783495,    -0.0475622943534505761,
      -0.135621106124581343,    1.25300805826972965};
};

template <>
struct ErfFit<float> {
  static constexpr float centre = 2, end = 10.5F;
  static constexpr float small[] = {0.00471908256721881388F, -0.0267577327350155156F, 0.112828314284658619F,
                                    -0.376126090074698029F, 1.12837916560179146F};
  static constexpr float tail[] = {
      -0.00023622493442422325F, -0.00125841515226100267F, 0.00115602727495464305F, 0.00865382719961711582F,
      -0.00800858811442058152F, -0.0542100243042976113F,  0.164049080885992499F,   -0.166030914793748247F,
      -0.0927637750938297032F,  1.27697838593201315F};
};

/// The density of the normal distribution at 0 and the square root of 2, each in two parts.
template <class T>
struct NormalFit;
template <>
struct NormalFit<double> {
  static constexpr double peak = 0x1.9884533d43651p-2, peak_low = -2.49232720227773e-17;
  static constexpr double root = 0x1.6a09e667f3bcdp+0, root_low = -9.667293313452913e-17;
};
template <>
struct NormalFit<float> {
  static constexpr float peak = 0.3989422917366028F, peak_low = -1.1335170135851058e-08F;
  static constexpr float root = 1.4142135381698608F, root_low = 2.4203234971764687e-08F;
};

/// (m(x) - 1) / x^2 in powers of x^2 for |x| <= sqrt(1/2), where m(x) is the mean of the normal density over
/// [0, x] divided by the density at 0. The coefficients are those of erf, rescaled.
template <class T>
struct NormalMean {
  T fit[std::size(ErfFit<T>::small) - 1] = {};

  constexpr NormalMean() {
    T scale = T(0.5) / ErfFit<T>::small[std::size(fit)];
    for (std::size_t i = std::size(fit); i-- > 0; scale *= T(0.5)) fit[i] = scale * ErfFit<T>::small[i];
  }
};

/// exp(-x^2) 2^shift, or exp(-x^2 / 2) 2^shift if `halved`. The square is computed in two parts, of which the
/// first is exact, because the error of a rounded square grows with the square.
template <class T, bool halved = false>
Batch<T> bell_scaled(const Batch<T>& x, int shift) {
  using V = Batch<T>;
  constexpr T factor = halved ? T(0.5) : T(1);
  constexpr T far = sizeof(T) == 4 ? T(18) : T(40);  // beyond it the result is 0
  constexpr Bits<T> half = ~((Bits<T>(1) << (sizeof(T) == 4 ? 12 : 27)) - 1);
  const V near = clamp_to<T>(x, -far, far);
  const V high = from_bits<T>(bits_of<T>(near) & xsimd::batch<Bits<T>>(half));
  const V rest = V(-factor) * (near - high) * (near + high);
  return exp_raised<T>(V(-factor) * high * high, rest, shift);
}

/// exp(z^2) erfc(z) (1 + 2 z) for z = x / unit between 1/2 and `end`.
template <class T>
Batch<T> erfc_share_times_divisor(const Batch<T>& x, T unit) {
  const Batch<T> centre(ErfFit<T>::centre * unit);
  return polynomial((x - centre) / (x + centre), ErfFit<T>::tail);
}

/// exp(z^2) erfc(z) for the same z.
template <class T>
Batch<T> erfc_share(const Batch<T>& x, T unit) {
  using V = Batch<T>;
  return erfc_share_times_divisor<T>(x, unit) / multiply_add<T>(x, V(T(2) / unit), V(T(1)));
}

/// erfc(x) 2^raise for x >= 1/2.
template <class T>
Batch<T> erfc_raised(const Batch<T>& x) {
  const Batch<T> near = clamp_to<T>(x, T(0.5), ErfFit<T>::end);
  return bell_scaled<T>(near, raise) * erfc_share<T>(near, T(1));
}

/// The probability that a normal variable is below -x, divided by exp(-x^2 / 2), for x between sqrt(1/2) and
/// `end` sqrt(2). The low part is computed from the remainder of the division.
template <class T>
Two<T> normal_share(const Batch<T>& x) {
  using V = Batch<T>;
  using Fit = NormalFit<T>;
  const Two<T> argument = product<T>(x, Two<T>{V(Fit::root), V(Fit::root_low)});
  Two<T> divisor = exact_sum<T>(argument.high, V(T(1)));
  divisor.low += argument.low;
  const V dividend = V(T(0.5)) * erfc_share_times_divisor<T>(x, Fit::root);
  const V inverse = V(T(1)) / divisor.high;
  const V share = dividend * inverse;
  const Two<T> back = product<T>(share, divisor);
  return {share, ((dividend - back.high) - back.low) * inverse};
}

/// The probability that a normal variable is below -x, times 2^raise, for x >= sqrt(1/2).
template <class T>
Batch<T> normal_raised(const Batch<T>& x) {
  const Batch<T> near = clamp_to<T>(x, T(0.7), ErfFit<T>::end * std::numbers::sqrt2_v<T>);
  const Two<T> share = normal_share<T>(near);
  return bell_scaled<T, true>(near, raise) * (share.high + share.low);
}

/// m(x) - 1 for |x| <= sqrt(1/2), with the m(x) of NormalMean.
template <class T>
Batch<T> normal_mean(const Batch<T>& x) {
  static constexpr NormalMean<T> mean;
  const Batch<T> square = x * x;
  return square * polynomial(square, mean.fit);
}

template <class T>
inline constexpr T near_mean = T(0.5) * std::numbers::sqrt2_v<T>;

/// The constants of the tanh approximation of GELU, x sigmoid(scale (x + cubic x^3)), each in two parts.
template <class T>
struct GeluFit;
template <>
struct GeluFit<double> {
  static constexpr double scale = 0x1.9884533d43651p+0, scale_low = -9.9693088091109203146e-17;
  static constexpr double cubic = 0x1.6e4e26d4801f7p-5, cubic_low = 2.196021142708559637e-18;
  static constexpr double far = 25;  // above it the sigmoid is 1; below -far the result is 0
};
template <>
struct GeluFit<float> {
  static constexpr float scale = 1.5957691669464111F, scale_low = -4.53406804211e-8F;
  static constexpr float cubic = 0.044714998453855515F, cubic_low = 1.54614448547e-9F;
  static constexpr float far = 12;
};

/// e^-|v| 2^raise for the argument v of the sigmoid, and dv/dx.
template <class T>
std::pair<Batch<T>, Two<T>> gelu_power(const Batch<T>& x) {
  using V = Batch<T>;
  using Fit = GeluFit<T>;
  const V p = clamp_to<T>(xsimd::abs(x), T(0), Fit::far);
  const Two<T> cubic{V(Fit::cubic), V(Fit::cubic_low)};
  const Two<T> share = product<T>(exact_product<T>(p, p), cubic);
  const V sum = V(T(1)) + share.high;
  const V back = sum - V(T(1));
  const Two<T> factor{sum, (V(T(1)) - (sum - back)) + (share.high - back) + share.low};
  const Two<T> v = product<T>(product<T>(p, Two<T>{V(-Fit::scale), V(-Fit::scale_low)}), factor);
  const V bend = V(T(3)) * share.high;
  const V slope = V(T(1)) + bend;
  const V slope_back = slope - V(T(1));
  const V slope_low = (V(T(1)) - (slope - slope_back)) + (bend - slope_back) + V(T(3)) * share.low;
  const Two<T> whole = product<T>({V(Fit::scale), V(Fit::scale_low)}, {slope, slope_low});
  return {exp_of_two<T>(v, raise), whole};
}

/// The sum of two numbers, rounded once.
template <class T>
Batch<T> rounded_sum(const Two<T>& a, const Two<T>& b) {
  const Batch<T> sum = a.high + b.high;
  const Batch<T> back = sum - a.high;
  return sum + ((a.high - (sum - back)) + (b.high - back) + (a.low + b.low));
}

}  // namespace detail

/// The error function.
template <class T>
Batch<T> erf(Batch<T> x) {
  using V = Batch<T>;
  const V size = xsimd::abs(x);
  const V small = x * polynomial(x * x, detail::ErfFit<T>::small);
  const V large = xsimd::copysign(V(T(1)) - detail::erfc_raised<T>(size) * V(detail::lower<T>), x);
  return xsimd::select(size < V(T(0.5)), small, xsimd::select(size == size, large, x));
}

/// 1 - erf(x), accurate where the result is small.
template <class T>
Batch<T> erfc(Batch<T> x) {
  using V = Batch<T>;
  const V size = xsimd::abs(x);
  const V small = V(T(1)) - x * polynomial(x * x, detail::ErfFit<T>::small);
  const V tail = detail::erfc_raised<T>(size) * V(detail::lower<T>);
  const V large = xsimd::select(x < V(T(0)), V(T(2)) - tail, tail);
  return xsimd::select(size < V(T(0.5)), small, xsimd::select(size == size, large, x));
}

/// exp(-x^2).
template <class T>
Batch<T> bell(Batch<T> x) {
  return detail::bell_scaled<T>(x, detail::raise) * Batch<T>(detail::lower<T>);
}

/// The density of the normal distribution.
template <class T>
Batch<T> normal_density(Batch<T> x) {
  constexpr T peak = std::numbers::inv_sqrtpi_v<T> / std::numbers::sqrt2_v<T>;
  return detail::bell_scaled<T, true>(x, detail::raise) * Batch<T>(peak) * Batch<T>(detail::lower<T>);
}

/// GELU: x times the probability that a normal variable is below x.
template <class T>
Batch<T> gelu(Batch<T> x) {
  using V = Batch<T>;
  const V size = xsimd::abs(x);
  const V tail = detail::normal_raised<T>(size);
  const V below = xsimd::select(x < V(T(-100)), V(T(-100)), x) * tail * V(detail::lower<T>);
  const V above = x * (V(T(1)) - tail * V(detail::lower<T>));
  const V part = x * V(detail::NormalFit<T>::peak);
  const V near = x * (V(T(0.5)) + multiply_add<T>(part, detail::normal_mean<T>(x), part));
  return xsimd::select(size < V(detail::near_mean<T>), near, xsimd::select(x < V(T(0)), below, above));
}

/// The derivative of gelu.
template <class T>
Batch<T> gelu_slope(Batch<T> x) {
  using V = Batch<T>;
  using Fit = detail::NormalFit<T>;
  using detail::Two;
  const V p = detail::clamp_to<T>(x, T(-100), T(100));
  const V size = xsimd::abs(p);
  const V bell = detail::bell_scaled<T, true>(p, detail::raise);
  const Two<T> density = detail::product<T>(size, Two<T>{V(Fit::peak), V(Fit::peak_low)});
  // The change of the distribution function from 0 to x plus x times the density: near -0.7 this sum cancels
  // nearly all of 1/2.
  Two<T> sum = detail::exact_sum<T>(V(T(1)), bell * V(detail::lower<T>));
  sum.low += detail::normal_mean<T>(size);
  const Two<T> change = detail::product<T>(density, sum);
  const V near = xsimd::select(x < V(T(0)), (V(T(0.5)) - change.high) - change.low,
                               (V(T(0.5)) + change.high) + change.low);
  // x times the density minus the tail, both divided by the bell: near -0.75 they nearly cancel.
  const V inside = detail::clamp_to<T>(size, T(0.7), detail::ErfFit<T>::end * std::numbers::sqrt2_v<T>);
  const Two<T> tail = detail::normal_share<T>(inside);
  const V outer = bell * ((density.high - tail.high) + (density.low - tail.low)) * V(detail::lower<T>);
  const V value = xsimd::select(x < V(T(0)), -outer, V(T(1)) + outer);
  return xsimd::select(size < V(detail::near_mean<T>), near, xsimd::select(x == x, value, x));
}

/// GELU with the tanh approximation of the distribution function.
template <class T>
Batch<T> gelu_tanh(Batch<T> x) {
  using V = Batch<T>;
  const V raised = detail::gelu_power<T>(x).first;
  const V sum = V(T(1)) + raised * V(detail::lower<T>);
  const V below = xsimd::select(x < V(T(-100)), V(T(-100)), x) * raised / sum * V(detail::lower<T>);
  return xsimd::select(x < V(T(0)), below, x / sum);
}

/// The derivative of gelu_tanh, s + x s (1 - s) v' for s = sigmoid(v), computed as (1 + r + x v'
/// w) / (1 + r)^2 with r = e^-|v|. If x > 0, w = r; if x < 0, w = 1 and the quotient is multiplied by r.
/// Numerator and denominator are each rounded once.
template <class T>
Batch<T> gelu_tanh_slope(Batch<T> x) {
  using V = Batch<T>;
  using detail::Two;
  const V p = detail::clamp_to<T>(x, -detail::GeluFit<T>::far, detail::GeluFit<T>::far);
  const auto [raised, slope] = detail::gelu_power<T>(p);
  const V r = raised * V(detail::lower<T>);
  const Two<T> total = detail::exact_sum<T>(V(T(1)), r);
  const auto is_below = x < V(T(0));
  const V share = xsimd::select(is_below, V(T(1)), r);
  const Two<T> bend = detail::product<T>(share, detail::product<T>(p, slope));
  const Two<T> square = detail::product<T>(total, total);
  const V ratio = detail::rounded_sum<T>(total, bend) / (square.high + square.low);
  return xsimd::select(is_below, raised * ratio * V(detail::lower<T>), ratio);
}

}  // namespace xgrad::kernels
