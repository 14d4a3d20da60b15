#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <memory>
#include <type_traits>

/// \file
/// The type of the numbers in the function of `elementwise`, and the functions that it may use, which have
/// the names of the standard ones.

namespace xgrad {

class ScalarExpression;

namespace detail {

struct Formula;
class FormulaBuilder;

/// The position of an instruction in the formula being built; formula 0 means a constant number.
struct ExpressionPlace {
  std::uint64_t formula = 0;
  std::uint32_t index = 0;
  double number = 0;
};

}  // namespace detail

/// A comparison of entries, whose result differs from entry to entry and is therefore not a bool. Use it in
/// `where`; combine several with `&&`, `||` and `!`, which always evaluate both sides.
class Condition {
 public:
  template <std::same_as<bool> B>
  explicit operator B() const {
    static_assert(!std::is_same_v<B, bool>,
                  "xgrad: a comparison inside elementwise has a different result for each entry; instead of "
                  "if, ?: and loops use where(condition, a, b), max, min, abs or clamp");
    return false;
  }

 private:
  friend class ScalarExpression;
  friend class detail::FormulaBuilder;
  explicit Condition(detail::ExpressionPlace place) : place_(place) {}
  detail::ExpressionPlace place_;
};

/// An entry of the arrays that `elementwise` processes: a symbolic number. Operations on it are recorded once
/// and then applied to every entry. It is valid during the call of the function.
class XGRAD_API ScalarExpression {
 public:
  ScalarExpression() : ScalarExpression(0) {}
  template <Number S>
  ScalarExpression(S number) : place_{0, 0, static_cast<double>(number)} {}

  /// The result of the operation replaces this one.
  ScalarExpression& operator+=(const ScalarExpression& other);
  ScalarExpression& operator-=(const ScalarExpression& other);
  ScalarExpression& operator*=(const ScalarExpression& other);
  ScalarExpression& operator/=(const ScalarExpression& other);

 private:
  friend class detail::FormulaBuilder;
  explicit ScalarExpression(detail::ExpressionPlace place) : place_(place) {}
  detail::ExpressionPlace place_;
};

XGRAD_API ScalarExpression operator+(const ScalarExpression& a, const ScalarExpression& b);
XGRAD_API ScalarExpression operator-(const ScalarExpression& a, const ScalarExpression& b);
XGRAD_API ScalarExpression operator*(const ScalarExpression& a, const ScalarExpression& b);
XGRAD_API ScalarExpression operator/(const ScalarExpression& a, const ScalarExpression& b);
XGRAD_API ScalarExpression operator-(const ScalarExpression& x);
inline ScalarExpression operator+(const ScalarExpression& x) { return x; }

XGRAD_API Condition operator<(const ScalarExpression& a, const ScalarExpression& b);
XGRAD_API Condition operator<=(const ScalarExpression& a, const ScalarExpression& b);
XGRAD_API Condition operator==(const ScalarExpression& a, const ScalarExpression& b);
XGRAD_API Condition operator!=(const ScalarExpression& a, const ScalarExpression& b);
inline Condition operator>(const ScalarExpression& a, const ScalarExpression& b) { return b < a; }
inline Condition operator>=(const ScalarExpression& a, const ScalarExpression& b) { return b <= a; }
XGRAD_API Condition operator&&(const Condition& a, const Condition& b);
XGRAD_API Condition operator||(const Condition& a, const Condition& b);
XGRAD_API Condition operator!(const Condition& a);

/// `a` where the condition holds, `b` elsewhere. Both are computed; the one not selected contributes nothing
/// to value and derivative, not even NaN.
XGRAD_API ScalarExpression where(const Condition& condition, const ScalarExpression& a,
                                 const ScalarExpression& b);
inline ScalarExpression where(bool condition, const ScalarExpression& a, const ScalarExpression& b) {
  return condition ? a : b;
}

/// The same for plain numbers, so that one generic function works for both.
template <Number A, Number B>
std::common_type_t<A, B> where(bool condition, A a, B b) {
  return condition ? a : b;
}

/// |x|, with derivative 0 at 0.
/// @{
XGRAD_API ScalarExpression abs(const ScalarExpression& x);
inline ScalarExpression fabs(const ScalarExpression& x) { return abs(x); }
/// @}

/// The larger and the smaller of two numbers, NaN if one of them is NaN; for equal numbers, each gets half of
/// the derivative. `clamp` is min(max(x, low), high).
/// @{
XGRAD_API ScalarExpression max(const ScalarExpression& a, const ScalarExpression& b);
XGRAD_API ScalarExpression min(const ScalarExpression& a, const ScalarExpression& b);
inline ScalarExpression fmax(const ScalarExpression& a, const ScalarExpression& b) { return max(a, b); }
inline ScalarExpression fmin(const ScalarExpression& a, const ScalarExpression& b) { return min(a, b); }
inline ScalarExpression clamp(const ScalarExpression& x, const ScalarExpression& low,
                              const ScalarExpression& high) {
  return min(max(x, low), high);
}
/// @}

/// x^y. The derivative with respect to x is 0 if y is 0; that with respect to y is 0 if x is 0 and y is not
/// negative.
XGRAD_API ScalarExpression pow(const ScalarExpression& x, const ScalarExpression& y);
/// The square root and the cube root, with infinite derivatives at 0.
/// @{
XGRAD_API ScalarExpression sqrt(const ScalarExpression& x);
XGRAD_API ScalarExpression cbrt(const ScalarExpression& x);
/// @}
/// sqrt(x^2 + y^2), with derivative 0 at 0.
XGRAD_API ScalarExpression hypot(const ScalarExpression& x, const ScalarExpression& y);

/// The standard function of that name, NaN outside its domain.
/// @{
XGRAD_API ScalarExpression exp(const ScalarExpression& x);
XGRAD_API ScalarExpression exp2(const ScalarExpression& x);
XGRAD_API ScalarExpression expm1(const ScalarExpression& x);
XGRAD_API ScalarExpression log(const ScalarExpression& x);
XGRAD_API ScalarExpression log2(const ScalarExpression& x);
XGRAD_API ScalarExpression log10(const ScalarExpression& x);
XGRAD_API ScalarExpression log1p(const ScalarExpression& x);

XGRAD_API ScalarExpression sin(const ScalarExpression& x);
XGRAD_API ScalarExpression cos(const ScalarExpression& x);
XGRAD_API ScalarExpression tan(const ScalarExpression& x);
XGRAD_API ScalarExpression asin(const ScalarExpression& x);
XGRAD_API ScalarExpression acos(const ScalarExpression& x);
XGRAD_API ScalarExpression atan(const ScalarExpression& x);
XGRAD_API ScalarExpression atan2(const ScalarExpression& y, const ScalarExpression& x);
XGRAD_API ScalarExpression sinh(const ScalarExpression& x);
XGRAD_API ScalarExpression cosh(const ScalarExpression& x);
XGRAD_API ScalarExpression tanh(const ScalarExpression& x);
XGRAD_API ScalarExpression asinh(const ScalarExpression& x);
XGRAD_API ScalarExpression acosh(const ScalarExpression& x);
XGRAD_API ScalarExpression atanh(const ScalarExpression& x);

XGRAD_API ScalarExpression erf(const ScalarExpression& x);
XGRAD_API ScalarExpression erfc(const ScalarExpression& x);
/// @}

/// Rounding has derivative 0. `round` rounds halves to even, like `round` of Variables (std::round of plain
/// numbers rounds them away from 0).
/// @{
XGRAD_API ScalarExpression floor(const ScalarExpression& x);
XGRAD_API ScalarExpression ceil(const ScalarExpression& x);
XGRAD_API ScalarExpression round(const ScalarExpression& x);
XGRAD_API ScalarExpression trunc(const ScalarExpression& x);
/// @}
/// The remainder of x / y, with the sign of x.
XGRAD_API ScalarExpression fmod(const ScalarExpression& x, const ScalarExpression& y);

/// a b + c, rounded once if the library was built for processors with a fused multiply-add instruction.
XGRAD_API ScalarExpression fma(const ScalarExpression& a, const ScalarExpression& b,
                               const ScalarExpression& c);

/// Whether x is NaN.
XGRAD_API Condition isnan(const ScalarExpression& x);

// Functions of Variables, so that one generic function works for both.

/// x^2.
XGRAD_API ScalarExpression square(const ScalarExpression& x);
/// 1 / (1 + e^-x), without overflow.
XGRAD_API ScalarExpression sigmoid(const ScalarExpression& x);
/// max(x, 0), with derivative 1 for x >= 0.
XGRAD_API ScalarExpression relu(const ScalarExpression& x);
/// NumPy's names of max and min.
/// @{
inline ScalarExpression maximum(const ScalarExpression& a, const ScalarExpression& b) { return max(a, b); }
inline ScalarExpression minimum(const ScalarExpression& a, const ScalarExpression& b) { return min(a, b); }
/// @}

// The standard functions, for plain numbers in the function of `elementwise`.

using std::abs;
using std::acos;
using std::acosh;
using std::asin;
using std::asinh;
using std::atan;
using std::atan2;
using std::atanh;
using std::cbrt;
using std::ceil;
using std::clamp;
using std::cos;
using std::cosh;
using std::erf;
using std::erfc;
using std::exp;
using std::exp2;
using std::expm1;
using std::fabs;
using std::floor;
using std::fma;
using std::fmax;
using std::fmin;
using std::fmod;
using std::hypot;
using std::isnan;
using std::log;
using std::log10;
using std::log1p;
using std::log2;
using std::max;
using std::min;
using std::pow;
using std::round;
using std::sin;
using std::sinh;
using std::sqrt;
using std::tan;
using std::tanh;
using std::trunc;

namespace detail {

/// Records the operations of a function on its entries. The innermost builder of the thread is active.
class XGRAD_API FormulaBuilder {
 public:
  explicit FormulaBuilder(std::size_t inputs);
  /// Continues from an existing formula, with more inputs.
  FormulaBuilder(const Formula& formula, std::size_t inputs);
  ~FormulaBuilder();
  FormulaBuilder(const FormulaBuilder&) = delete;
  FormulaBuilder& operator=(const FormulaBuilder&) = delete;

  ScalarExpression input(std::size_t k);
  /// The entry that an instruction computes.
  ScalarExpression at(std::uint32_t index) const;
  /// The instruction that computes an entry.
  std::uint32_t index_of(const ScalarExpression& entry);
  /// Completes the formula with its result.
  std::shared_ptr<const Formula> finish(const ScalarExpression& result);
  const Formula& formula() const { return *formula_; }

  // For the functions above; `op` is a kernels::Op.
  static ScalarExpression apply(std::uint8_t op, const ScalarExpression& a, const ScalarExpression& b,
                                const ScalarExpression& c);
  static ScalarExpression entry(const Condition& condition) { return ScalarExpression(condition.place_); }
  static Condition condition(const ScalarExpression& entry) { return Condition(entry.place_); }
  /// Whether it is a constant number, and its value.
  static bool is_number(const ScalarExpression& entry) { return entry.place_.formula == 0; }
  static double number(const ScalarExpression& entry) { return entry.place_.number; }

 private:
  std::shared_ptr<Formula> formula_;
  std::uint64_t serial_;
  FormulaBuilder* outer_;
};

}  // namespace detail

}  // namespace xgrad
