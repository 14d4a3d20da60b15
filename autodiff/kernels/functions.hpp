#pragma once

#include <autodiff/kernels/broadcast.hpp>

#include <xsimd/xsimd.hpp>

#include <cmath>
#include <limits>

/// \file
/// Functions of batches that xsimd lacks, or that it has for part of the numbers only. Those of its own that
/// are within a few units in the last place everywhere are called as they are.

namespace xgrad::kernels {

/// f of each lane, for functions that have no form in vectors.
template <class T, class F, class... B>
Batch<T> per_lane(F f, const Batch<T>& x, const B&... others) {
  constexpr std::size_t width = Batch<T>::size;
  alignas(64) T in[1 + sizeof...(B)][width];
  std::size_t operand = 0;
  for (const Batch<T>& each : {x, others...}) each.store_aligned(in[operand++]);
  alignas(64) T out[width];
  for (std::size_t i = 0; i < width; ++i) {
    [&]<std::size_t... k>(std::index_sequence<k...>) { out[i] = static_cast<T>(f(in[k][i]...)); }
    (std::make_index_sequence<1 + sizeof...(B)>());
  }
  return Batch<T>::load_aligned(out);
}

/// coefficients[0] x^n + ... + coefficients[n].
template <class T, std::size_t N>
Batch<T> polynomial(Batch<T> x, const T (&coefficients)[N]) {
  Batch<T> result(coefficients[0]);
  for (std::size_t i = 1; i < N; ++i) result = xsimd::fma(result, x, Batch<T>(coefficients[i]));
  return result;
}

/// 1 / (1 + e^-x). e^-|x| never overflows, and for negative x the small result comes from a small numerator.
template <class T>
Batch<T> sigmoid(Batch<T> x) {
  using V = Batch<T>;
  const V small = xsimd::exp(-xsimd::abs(x));
  return xsimd::select(x < V(T(0)), small, V(T(1))) / (V(T(1)) + small);
}

/// 2^x. xsimd's is infinite already below the largest numbers: they are twice a power that it has.
template <class T>
Batch<T> exp2(Batch<T> x) {
  using V = Batch<T>;
  const auto high = x >= V(T(std::numeric_limits<T>::max_exponent - 1));
  return xsimd::exp2(xsimd::select(high, x - V(T(1)), x)) * xsimd::select(high, V(T(2)), V(T(1)));
}

/// The root of a^2 + b^2, whose squares neither overflow nor vanish; infinity beside a NaN is infinity.
template <class T>
Batch<T> hypot(Batch<T> a, Batch<T> b) {
  using V = Batch<T>;
  constexpr int far = sizeof(T) == 4 ? 50 : 500;  // squares of numbers between 2^-far and 2^far are normal
  const V p = xsimd::abs(a), q = xsimd::abs(b);
  const V larger = xsimd::max(p, q);
  const auto power = [](int exponent) { return V(std::ldexp(T(1), exponent)); };
  const V scale = xsimd::select(larger > power(far), power(-far - 30),
                                xsimd::select(larger < power(-far), power(far + 50), V(T(1))));
  const V x = p * scale, y = q * scale;
  const V infinity(std::numeric_limits<T>::infinity());
  return xsimd::select((p == infinity) | (q == infinity), infinity, xsimd::sqrt(x * x + y * y) / scale);
}

/// The angle of the point (x, y), as std::atan2.
template <class T>
Batch<T> atan2(Batch<T> y, Batch<T> x) {
  // The quotient is no number where both are 0 or both infinite: the angle is that of the nearest diagonal or
  // axis.
  using V = Batch<T>;
  const V infinity(std::numeric_limits<T>::infinity());
  const auto infinite = (xsimd::abs(x) == infinity) & (xsimd::abs(y) == infinity);
  const auto zero = (x == V(T(0))) & (y == V(T(0)));
  const V one(T(1));
  return xsimd::atan2(xsimd::select(infinite, xsimd::copysign(one, y), y),
                      xsimd::select(infinite | zero, xsimd::copysign(one, x), x));
}

/// a^b, as std::pow.
template <class T>
Batch<T> pow(Batch<T> a, Batch<T> b) {
  return per_lane([](T p, T q) { return std::pow(p, q); }, a, b);
}

/// The remainder of a / b with the sign of a, as std::fmod.
template <class T>
Batch<T> fmod(Batch<T> a, Batch<T> b) {
  return per_lane([](T p, T q) { return std::fmod(p, q); }, a, b);
}

namespace detail {

/// Least-maximum fits, made for this file: `small` is erf(x) / x in powers of x^2 for |x| <= 1/2, `tail` is
/// (1 + 2 x) exp(x^2) erfc(x) in powers of (x - centre) / (x + centre) from there to `end`, after which
/// erfc(x) is no normal number (the form of Shepherd and Laframboise, Mathematics of Computation 36, 1981).
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

/// exp(-x^2). The square is taken in two parts, of which the first is exact, so that the error of the
/// rounded square, which grows with it, does not enter.
template <class T>
Batch<T> exp_minus_square(Batch<T> x) {
  using V = Batch<T>;
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  constexpr Bits half = ~((Bits(1) << (sizeof(T) == 4 ? 12 : 27)) - 1);
  const V high = xsimd::bitwise_cast<xsimd::batch<T>>(xsimd::bitwise_cast<xsimd::batch<Bits>>(x) &
                                                      xsimd::batch<Bits>(half));
  const V rest = (x - high) * (x + high);
  const V power =
      V(T(1)) - rest * (V(T(1)) - rest * (V(T(0.5)) - rest * (V(T(1.0 / 6)) - rest * V(T(1.0 / 24)))));
  return xsimd::exp(-high * high) * power;
}

/// erfc(x) for x >= 1/2; 0 from where it is no normal number.
template <class T>
Batch<T> erfc_tail(Batch<T> x) {
  using V = Batch<T>;
  using Fit = ErfFit<T>;
  const V near = xsimd::select(x < V(Fit::end), x, V(Fit::end));
  const V t = (near - V(Fit::centre)) / (near + V(Fit::centre));
  return exp_minus_square(near) * polynomial(t, Fit::tail) / (V(T(1)) + near + near);
}

}  // namespace detail

/// The error function.
template <class T>
Batch<T> erf(Batch<T> x) {
  using V = Batch<T>;
  const V size = xsimd::abs(x);
  const V small = x * polynomial(x * x, detail::ErfFit<T>::small);
  const V large = xsimd::copysign(V(T(1)) - detail::erfc_tail(size), x);
  return xsimd::select(size < V(T(0.5)), small, xsimd::select(size == size, large, x));
}

/// 1 - erf(x), which keeps its small values.
template <class T>
Batch<T> erfc(Batch<T> x) {
  using V = Batch<T>;
  const V size = xsimd::abs(x);
  const V small = V(T(1)) - x * polynomial(x * x, detail::ErfFit<T>::small);
  const V tail = detail::erfc_tail(size);
  const V large = xsimd::select(x < V(T(0)), V(T(2)) - tail, tail);
  return xsimd::select(size < V(T(0.5)), small, xsimd::select(size == size, large, x));
}

}  // namespace xgrad::kernels
