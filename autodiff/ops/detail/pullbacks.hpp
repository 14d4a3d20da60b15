#pragma once

#include <autodiff/elementwise/scalar_expression.hpp>
#include <autodiff/kernels/functions.hpp>
#include <autodiff/ops/arithmetic.hpp>
#include <autodiff/ops/binary.hpp>
#include <autodiff/ops/comparison.hpp>
#include <autodiff/ops/hyperbolic.hpp>
#include <autodiff/ops/piecewise.hpp>
#include <autodiff/ops/powers.hpp>
#include <autodiff/ops/trigonometry.hpp>

#include <numbers>

/// \file
/// The pullbacks of functions of numbers, each written once: operations evaluate a formula with batches or
/// Variables, `elementwise` with scalar expressions. g is the cotangent, p and q are the operands, y is the
/// result. Squares of operands are avoided if they may overflow although the result does not. Private to the
/// library.

namespace xgrad {

// For batches in formulas: the library's functions, not those of xsimd.
using kernels::cos;
using kernels::cosh;
using kernels::exp;
using kernels::log;
using kernels::sin;
using kernels::sinh;
using kernels::tanh;

namespace detail {

template <class X>
struct NumberOf {
  using type = typename X::value_type;
};
template <>
struct NumberOf<ScalarExpression> {
  using type = double;
};
/// The type of numbers in a formula of operands X.
template <class X>
using NumberBeside = typename NumberOf<X>::type;

/// a where the condition holds, b elsewhere, in a formula.
template <class T>
auto choose(const xsimd::batch_bool<T>& condition, const std::type_identity_t<kernels::Batch<T>>& a,
            const std::type_identity_t<kernels::Batch<T>>& b) {
  return xsimd::select(condition, a, b);
}
template <IntegerExpression C, class A, class B>
auto choose(C&& condition, const A& a, const B& b) {
  return where(std::forward<C>(condition), a, b);
}
inline ScalarExpression choose(const Condition& condition, const ScalarExpression& a,
                               const ScalarExpression& b) {
  return xgrad::where(condition, a, b);
}

/// Whether both conditions hold, in a formula.
template <class T>
auto both(const xsimd::batch_bool<T>& a, const xsimd::batch_bool<T>& b) {
  return a & b;
}
inline Array<bool> both(const Array<bool>& a, const Array<bool>& b) { return a && b; }
inline Condition both(const Condition& a, const Condition& b) { return a && b; }

/// hypot in a formula.
template <class T>
kernels::Batch<T> length(const kernels::Batch<T>& a, const std::type_identity_t<kernels::Batch<T>>& b) {
  return kernels::hypot<T>(a, b);
}
template <class T>
Variable<T> length(const Variable<T>& a, const Variable<T>& b) {
  return hypot(a, b);
}
template <class T>
Variable<T> length(const Variable<T>& a, T b) {
  return hypot(a, b);
}
inline ScalarExpression length(const ScalarExpression& a, const ScalarExpression& b) { return hypot(a, b); }

/// a^b in a formula.
template <class T>
kernels::Batch<T> power(const kernels::Batch<T>& a, const kernels::Batch<T>& b) {
  return kernels::pow<T>(a, b);
}
template <class T>
Variable<T> power(const Variable<T>& a, const Variable<T>& b) {
  return pow(a, b);
}
ScalarExpression power(const ScalarExpression& a, const ScalarExpression& b);

/// x^c in a formula.
template <class T>
kernels::Batch<T> power_of_number(const kernels::Batch<T>& x, T c) {
  return kernels::power_of_number<T>(x, c);
}
template <class T>
Variable<T> power_of_number(const Variable<T>& x, T c) {
  return pow_number(x, c);
}
inline ScalarExpression power_of_number(const ScalarExpression& x, double c) { return pow(x, c); }

/// Whether the derivative of x^c can be computed as c x^(c - 1): for multiples of 1/2, for which c - 1 is
/// exact.
inline bool has_power_below(double c) { return c + c == std::trunc(c + c) && std::abs(c) < 1e6; }

/// |x| in a formula.
template <class T>
kernels::Batch<T> size_of(const kernels::Batch<T>& x) {
  return xsimd::abs(x);
}
template <class T>
Variable<T> size_of(const Variable<T>& x) {
  return abs(x);
}
inline ScalarExpression size_of(const ScalarExpression& x) { return abs(x); }

/// x clipped to [-bound, bound], in a formula; NaN stays NaN.
template <class T>
kernels::Batch<T> within(const kernels::Batch<T>& x, T bound) {
  return kernels::detail::clamp_to<T>(x, -bound, bound);
}
template <class T>
Variable<T> within(const Variable<T>& x, T bound) {
  return clip_to_numbers(x, -bound, bound);
}

/// Scales two numbers so that sqrt(a^2 + b^2) neither overflows nor loses digits at the ends of the range.
template <class X>
class Rescale {
 public:
  Rescale(const X& a, const X& b)
      : far_(size_of(a) + size_of(b) > Number(1e38)), near_(size_of(a) + size_of(b) < Number(1e-30)) {}

  X operator()(const X& x) const {
    return choose(far_, Number(0.25) * x, choose(near_, Number(0x1p64) * x, x));
  }

 private:
  using Number = NumberBeside<X>;
  using Where = decltype(std::declval<X>() < Number());
  Where far_, near_;
};

/// a / b, and 0, with derivatives 0, where b is 0.
template <class A, class B>
auto ratio(const A& a, const B& b) {
  using N = NumberBeside<B>;
  return choose(b == N(0), N(0), a / choose(b == N(0), N(1), b));
}

/// In the formula of a pullback, replaces a factor or divisor at its pole if g is 0: an entry that no result
/// depends on gets gradient 0, not the NaN of 0 / 0 or of 0 times infinity. g itself is kept, for its
/// derivative.
template <class G, class C, class A>
auto unless_unused(const G& g, const C& at_pole, NumberBeside<G> replacement, const A& a) {
  return choose(both(g == NumberBeside<G>(0), at_pole), replacement, a);
}

/// g / b, and 0 where both are 0, in the formula of a pullback.
template <class G, class B>
auto divided(const G& g, const B& b) {
  using N = NumberBeside<G>;
  return g / unless_unused(g, b == N(0), N(1), b);
}

// Functions for pullbacks only: derivatives that stay accurate where the result of the function has lost its
// precision, and that can be differentiated in turn.

template <class T>
kernels::Batch<T> sigmoid_slope(const kernels::Batch<T>& x) {
  return kernels::sigmoid_slope<T>(x);
}
template <class T>
Variable<T> sigmoid_slope(const Variable<T>& x);
ScalarExpression sigmoid_slope(const ScalarExpression& x);

/// exp(-x^2)
template <class T>
kernels::Batch<T> bell(const kernels::Batch<T>& x) {
  return kernels::bell<T>(x);
}
template <class T>
Variable<T> bell(const Variable<T>& x);
ScalarExpression bell(const ScalarExpression& x);

}  // namespace detail

namespace pullbacks {

using detail::bell;
using detail::both;
using detail::choose;
using detail::divided;
using detail::length;
using detail::NumberBeside;
using detail::ratio;
using detail::sigmoid_slope;
using detail::size_of;
using detail::unless_unused;

inline constexpr auto of_reciprocal = []<class X>(const X& g, const X& y) {
  using N = NumberBeside<X>;
  const X factor = unless_unused(g, size_of(y) == std::numeric_limits<N>::infinity(), N(0), y);
  return -(g * factor * factor);
};
inline constexpr auto of_sqrt = []<class X>(const X& g, const X& y) {
  return divided(g, X(NumberBeside<X>(2) * y));
};
/// In terms of the operand: the cube of the result would have three times its error.
inline constexpr auto of_rsqrt = []<class X>(const X& g, const X& p) {
  using N = NumberBeside<X>;
  const X base = unless_unused(g, p == N(0), N(1), p);
  return N(-0.5) * g / base / sqrt(base);
};
inline constexpr auto of_cbrt = []<class X>(const X& g, const X& y) {
  return divided(g, X(NumberBeside<X>(3) * y * y));
};

inline constexpr auto of_exp = []<class X>(const X& g, const X& y) { return g * y; };
inline constexpr auto of_exp2 = []<class X>(const X& g, const X& y) {
  return g * NumberBeside<X>(std::numbers::ln2) * y;
};
/// Not in terms of the result: y + 1 has no correct digits for large negative x.
inline constexpr auto of_expm1 = []<class X>(const X& g, const X& p) { return g * exp(p); };
inline constexpr auto of_log = []<class X>(const X& g, const X& p) { return divided(g, p); };
inline constexpr auto of_log2 = []<class X>(const X& g, const X& p) {
  return divided(X(g * NumberBeside<X>(std::numbers::log2e)), p);
};
inline constexpr auto of_log10 = []<class X>(const X& g, const X& p) {
  return divided(X(g * NumberBeside<X>(std::numbers::log10e)), p);
};
inline constexpr auto of_log1p = []<class X>(const X& g, const X& p) {
  return divided(g, X(NumberBeside<X>(1) + p));
};

inline constexpr auto of_sin = []<class X>(const X& g, const X& p) { return g * cos(p); };
inline constexpr auto of_cos = []<class X>(const X& g, const X& p) { return -(g * sin(p)); };
inline constexpr auto of_tan = []<class X>(const X& g, const X& p) {
  const X c = cos(p);
  return g / (c * c);
};
inline constexpr auto of_asin = []<class X>(const X& g, const X& p) {
  return g / sqrt((NumberBeside<X>(1) - p) * (NumberBeside<X>(1) + p));
};
inline constexpr auto of_acos = []<class X>(const X& g, const X& p) { return -of_asin(g, p); };
inline constexpr auto of_atan = []<class X>(const X& g, const X& p) {
  using N = NumberBeside<X>;
  const auto far = size_of(p) > N(1e9);  // 1 + p^2 rounds to p^2
  const auto near = choose(far, N(0), p);
  return g / choose(far, p, N(1)) / choose(far, p, N(1) + near * near);
};
/// q / (p^2 + q^2) in terms of the ratio t of the smaller to the larger operand, so that no square overflows.
/// The division by the larger one is the last, because it may be subnormal.
inline constexpr auto of_atan2_by_y = []<class X>(const X& g, const X& p, const X& q) {
  using N = NumberBeside<X>;
  const auto is_steep = size_of(p) > size_of(q);
  const X larger = choose(is_steep, p, q);
  const X t = ratio(X(choose(is_steep, q, p)), larger);
  return ratio(X(g * choose(is_steep, t, N(1)) / (N(1) + t * t)), larger);
};
inline constexpr auto of_atan2_by_x = []<class X>(const X& g, const X& p, const X& q) {
  return -of_atan2_by_y(g, q, p);
};

inline constexpr auto of_sinh = []<class X>(const X& g, const X& p) { return g * cosh(p); };
inline constexpr auto of_cosh = []<class X>(const X& g, const X& p) { return g * sinh(p); };
inline constexpr auto of_tanh = []<class X>(const X& g, const X& p) {
  using N = NumberBeside<X>;
  return g * (N(4) * sigmoid_slope(N(2) * p));
};
inline constexpr auto of_asinh = []<class X>(const X& g, const X& p) {
  return g / length(p, NumberBeside<X>(1));
};
inline constexpr auto of_acosh = []<class X>(const X& g, const X& p) {
  using N = NumberBeside<X>;
  return g / (sqrt(p - N(1)) * sqrt(p + N(1)));
};
inline constexpr auto of_atanh = []<class X>(const X& g, const X& p) {
  using N = NumberBeside<X>;
  return choose(size_of(p) > N(1), std::numeric_limits<N>::quiet_NaN(), g / ((N(1) - p) * (N(1) + p)));
};

inline constexpr auto of_sigmoid = []<class X>(const X& g, const X& p) { return g * sigmoid_slope(p); };
inline constexpr auto of_sigmoid_slope = []<class X>(const X& g, const X& p) {
  return -(g * (sigmoid_slope(p) * tanh(NumberBeside<X>(0.5) * p)));
};
inline constexpr auto of_erf = []<class X>(const X& g, const X& p) {
  return g * (NumberBeside<X>(2 * std::numbers::inv_sqrtpi) * bell(p));
};
inline constexpr auto of_erfc = []<class X>(const X& g, const X& p) { return -of_erf(g, p); };
/// Where bell(p) is 0, the factor p is replaced by 0, because it may be infinite.
inline constexpr auto of_bell = []<class X>(const X& g, const X& p) {
  using N = NumberBeside<X>;
  return g * (N(-2) * choose(size_of(p) > N(100), N(0), p) * bell(p));
};

inline constexpr auto of_hypot_by_first = []<class X>(const X& g, const X& p, const X& q) {
  const detail::Rescale<X> rescale(p, q);
  const X x = rescale(p);
  return g * ratio(x, length(x, rescale(q)));
};
inline constexpr auto of_hypot_by_second = []<class X>(const X& g, const X& p, const X& q) {
  return of_hypot_by_first(g, q, p);
};

/// q p^(q - 1); for q < 1 computed as q p^q / p, because q - 1 may be rounded, and the error of an exponent
/// is amplified by log(p), or because p^(q - 1) may overflow although q times it does not. Branches that are
/// not taken are evaluated as well, and need finite derivatives.
inline constexpr auto of_pow_by_base = []<class X>(const X& g, const X& p, const X& q) {
  using N = NumberBeside<X>;
  const auto flat = q == N(0);
  const X base = unless_unused(g, p == N(0), N(1), X(choose(flat, N(1), p)));
  const auto inside = both(p != N(0), size_of(p) < std::numeric_limits<N>::infinity());
  const auto is_divided = both(q < N(1), inside);
  return g *
         choose(flat, N(0),
                q * detail::power(base, choose(is_divided, q, q - N(1))) / choose(is_divided, base, N(1)));
};
/// p^q log(p), as p^(q/2) log(p) p^(q/2) if p^q alone may be subnormal or infinite.
inline constexpr auto of_pow_by_exponent = []<class X>(const X& g, const X& p, const X& q) {
  using N = NumberBeside<X>;
  const auto flat = both(p == N(0), q >= N(0));
  const X base = unless_unused(g, p == N(0), N(1), p);
  const X slope = log(choose(flat, N(1), base));
  const auto is_far = size_of(slope * q) > N(60);
  const X root = detail::power(base, choose(is_far, N(0.5) * q, q));
  return g * root * slope * choose(is_far, root, N(1));
};

}  // namespace pullbacks

}  // namespace xgrad
