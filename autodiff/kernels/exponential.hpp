#pragma once

#include <autodiff/kernels/scaling.hpp>

#include <numbers>

/// \file
/// The exponential function and functions derived from it, for batches, up to subnormal and to the largest
/// results.

namespace xgrad::kernels {

namespace detail {

/// log 2 in two parts, the first with so few bits that its product with an exponent is exact, and minimax
/// fits: `exp` of (e^r - 1 - r) / r^2 for |r| <= log(2) / 2, `expm1` of the same with a small error of
/// e^r - 1, and `exp2` of (2^r - 1) / r for |r| <= 1/2.
template <class T>
struct ExpFit;

template <>
struct ExpFit<double> {
  static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
  static constexpr double exp[] = {2.51192029034271668e-8,   2.76327534413194826e-7,  2.75572120518163382e-6,
                                   0.0000248014860275852476, 0.000198412699221506253, 0.00138888889505549793,
                                   0.00833333333330500079,   0.0416666666665030252,   0.166666666666667025,
                                   0.500000000000001406};
  static constexpr double expm1[] = {2.09254274482388765e-9,
                                     2.51101789269805198e-8,
                                     2.7557239555248232e-7,
                                     2.75572411640182587e-6,
                                     0.0000248015873643302714,
                                     0.000198412698888928734,
                                     0.00138888888888649137,
                                     0.00833333333332065475,
                                     0.0416666666666667053,
                                     0.166666666666666776,
                                     0.5};
  static constexpr double exp2[] = {
      4.45763008971649014e-10,  7.07424137575670342e-9,  1.01780448166914728e-7, 1.32154327057824048e-6,
      0.0000152527338715689088, 0.000154035304620601619, 0.0013333558146374768,  0.00961812910759042048,
      0.0555041086648217597,    0.240226506959101397,    0.693147180559945308};
};

template <>
struct ExpFit<float> {
  static constexpr float ln2_high = 0.693359375F, ln2_low = -2.12194440e-4F;
  static constexpr float exp[] = {0.0013951819203781847F, 0.00836959857436413063F, 0.0416661855214234708F,
                                  0.166665128881055868F, 0.500000010161103788F};
  static constexpr float expm1[] = {0.00139475828933672681F, 0.00836724819868364936F, 0.0416662667643472878F,
                                    0.166665380008271364F, 0.500000006566579964F};
  static constexpr float exp2[] = {0.000154777823919419837F, 0.00134016125813384916F, 0.00961799874143799178F,
                                   0.0555032441738007586F,   0.240226513863318023F,   0.693147207825675223F};
};

/// e^x is infinite from `top` on and 0 below `bottom`, even multiplied by 2^64; for |x| <= `safe` it is
/// normal.
template <class T>
struct ExpRange {
  static constexpr T top = sizeof(T) == 4 ? T(130) : T(780);
  static constexpr T bottom = sizeof(T) == 4 ? T(-170) : T(-850);
  static constexpr T safe = sizeof(T) == 4 ? T(87) : T(708);
};

/// The exponent n in e^x = 2^n e^r.
template <class T>
Batch<T> exponent_of(const Batch<T>& x) {
  return nearest<T>(x * Batch<T>(std::numbers::log2e_v<T>));
}

/// x + low - n log 2.
template <class T>
Batch<T> without_exponent(const Batch<T>& x, const Batch<T>& low, const Batch<T>& n) {
  const Batch<T> rest = multiply_add<T>(n, Batch<T>(-ExpFit<T>::ln2_high), x) + low;
  return multiply_add<T>(n, Batch<T>(-ExpFit<T>::ln2_low), rest);
}
template <class T>
Batch<T> without_exponent(const Batch<T>& x, const Batch<T>& n) {
  const Batch<T> rest = multiply_add<T>(n, Batch<T>(-ExpFit<T>::ln2_high), x);
  return multiply_add<T>(n, Batch<T>(-ExpFit<T>::ln2_low), rest);
}

template <class T>
Batch<T> clamp_to(const Batch<T>& x, T low, T high) {
  using V = Batch<T>;  // NaN is kept
  return xsimd::select(x < V(low), V(low), xsimd::select(x > V(high), V(high), x));
}

/// e^r 2^n for the remainder r of an exponent; `far` if 2^n may not be a normal number.
template <class T>
Batch<T> exp_of_rest(const Batch<T>& r, const Batch<T>& n, bool far) {
  const Batch<T> e = Batch<T>(T(1)) + multiply_add<T>(polynomial(r, ExpFit<T>::exp), r * r, r);
  return far ? scale<T>(e, n) : e * power_of_two<T>(n);
}

/// e^(x + low) 2^shift for low << x <= 0, rounded once even if the result is subnormal; 0 <= shift <= 64.
template <class T>
Batch<T> exp_raised(Batch<T> x, Batch<T> low, int shift) {
  using V = Batch<T>;
  const bool far = !xsimd::all(x >= V(-ExpRange<T>::safe));
  if (far) {
    low = xsimd::select(x < V(ExpRange<T>::bottom), V(T(0)), low);
    x = clamp_to<T>(x, ExpRange<T>::bottom, T(0));
  }
  const V n = exponent_of<T>(x + low);
  return exp_of_rest<T>(without_exponent<T>(x, low, n), n + V(T(shift)), far);
}

}  // namespace detail

/// e^x.
template <class T>
Batch<T> exp(Batch<T> x) {
  using V = Batch<T>;
  using Range = detail::ExpRange<T>;
  const bool far = !xsimd::all(xsimd::abs(x) <= V(Range::safe));
  if (far) x = detail::clamp_to<T>(x, Range::bottom, Range::top);
  const V n = detail::exponent_of<T>(x);
  return detail::exp_of_rest<T>(detail::without_exponent<T>(x, n), n, far);
}

/// 2^x.
template <class T>
Batch<T> exp2(Batch<T> x) {
  using V = Batch<T>;
  constexpr T safe = std::numeric_limits<T>::max_exponent - 2;
  const bool far = !xsimd::all(xsimd::abs(x) <= V(safe));
  if (far) x = detail::clamp_to<T>(x, T(-1.2) * safe, T(1.2) * safe);
  const V n = detail::nearest<T>(x);
  const V r = x - n;
  const V e = multiply_add<T>(polynomial(r, detail::ExpFit<T>::exp2), r, V(T(1)));
  return far ? detail::scale<T>(e, n) : e * detail::power_of_two<T>(n);
}

/// e^x - 1, accurate where the result is small.
template <class T>
Batch<T> expm1(Batch<T> x) {
  using V = Batch<T>;
  // The result is infinite from `top` on: at `beyond`, r is positive and half of the power of two is already
  // infinite.
  constexpr T bottom = sizeof(T) == 4 ? T(-30) : T(-60), top = sizeof(T) == 4 ? T(88.8) : T(709.8);
  constexpr T beyond = sizeof(T) == 4 ? T(89.5) : T(710.5);
  const V near = xsimd::select(x < V(bottom), V(bottom), xsimd::select(x > V(top), V(beyond), x));
  const V n = detail::exponent_of<T>(near);
  const V r = detail::without_exponent<T>(near, n);
  const V small = multiply_add<T>(polynomial(r, detail::ExpFit<T>::expm1), r * r, r);
  const V half = detail::power_of_two<T>(n - V(T(1)));
  const V large = multiply_add<T>(half, small, half - V(T(0.5)));
  return xsimd::copysign(xsimd::select(n == V(T(0)), small, large + large), x);
}

/// 1 / (1 + e^-x). e^-|x| never overflows, and for negative x the small result comes from a small numerator.
template <class T>
Batch<T> sigmoid(Batch<T> x) {
  using V = Batch<T>;
  const V small = kernels::exp<T>(-xsimd::abs(x));
  return xsimd::select(x < V(T(0)), small, V(T(1))) / (V(T(1)) + small);
}

/// The derivative of sigmoid, sigmoid(x) sigmoid(-x), computed from x itself so that it stays accurate where
/// sigmoid(x) rounds to 1.
template <class T>
Batch<T> sigmoid_slope(Batch<T> x) {
  using V = Batch<T>;
  const V small = kernels::exp<T>(-xsimd::abs(x));
  const V sum = V(T(1)) + small;
  return small / (sum * sum);
}

namespace detail {

/// e^-|x| 2^raise and 1 + e^-|x|. Results that would be subnormal are normal with the factor 2^raise.
inline constexpr int raise = 32;
template <class T>
inline constexpr T lower = T(1) / static_cast<T>(std::uint64_t{1} << raise);

template <class T>
std::pair<Batch<T>, Batch<T>> sigmoid_raised(const Batch<T>& x) {
  const Batch<T> raised = exp_raised<T>(-xsimd::abs(x), Batch<T>(T(0)), raise);
  return {raised, Batch<T>(T(1)) + raised * Batch<T>(lower<T>)};
}

/// Clamps x from below to -1000, where x sigmoid(x) and its derivative are 0.
template <class T>
Batch<T> from_left_end(const Batch<T>& x) {
  return xsimd::select(x < Batch<T>(T(-1000)), Batch<T>(T(-1000)), x);
}

}  // namespace detail

/// x sigmoid(x), accurate even where sigmoid(x) alone would be subnormal.
template <class T>
Batch<T> silu(Batch<T> x) {
  using V = Batch<T>;
  const V p = detail::from_left_end<T>(x);
  const auto [raised, sum] = detail::sigmoid_raised<T>(p);
  return xsimd::select(p < V(T(0)), p * raised / sum * V(detail::lower<T>), p / sum);
}

/// The derivative of silu, s (1 + x (1 - s)) for s = sigmoid(x).
template <class T>
Batch<T> silu_slope(Batch<T> x) {
  using V = Batch<T>;
  const V p = detail::from_left_end<T>(xsimd::select(x > V(T(1000)), V(T(1000)), x));
  const auto [raised, sum] = detail::sigmoid_raised<T>(p);
  const V share = p / sum;
  const V below = raised * (V(T(1)) + share) / sum * V(detail::lower<T>);
  const V above = (V(T(1)) + share * (raised * V(detail::lower<T>))) / sum;
  return xsimd::select(p < V(T(0)), below, above);
}

}  // namespace xgrad::kernels
