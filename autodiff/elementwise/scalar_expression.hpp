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
/// The numbers that the function of `elementwise` computes with, and the functions that it may use: the
/// standard ones, under their names.

namespace xgrad {

class Entry;

namespace detail {

struct Formula;
class FormulaBuilder;

/// Where an instruction of the formula that is being built stands; formula 0 for a number.
struct EntryPlace {
  std::uint64_t formula = 0;
  std::uint32_t index = 0;
  double number = 0;
};

}  // namespace detail

/// A comparison of entries: it holds for some of them and not for others, and so is no bool. `where` chooses
/// by it; `&&`, `||` and `!` combine several, both sides computed.
class Condition {
 public:
  template <std::same_as<bool> B>
  explicit operator B() const {
    static_assert(
        !std::is_same_v<B, bool>,
        "xgrad: a comparison inside of elementwise holds for some entries and not for others; instead "
        "of if, ?: and loops use where(condition, a, b), max, min, abs or clamp");
    return false;
  }

 private:
  friend class Entry;
  friend class detail::FormulaBuilder;
  explicit Condition(detail::EntryPlace place) : place_(place) {}
  detail::EntryPlace place_;
};

/// An entry of the arrays that `elementwise` goes through: a number of which the value is not known yet. What
/// is done to it is noted once, and then done to every entry. It lives as long as the call of the function.
class XGRAD_API Entry {
 public:
  Entry() : Entry(0) {}
  template <Number S>
  Entry(S number) : place_{0, 0, static_cast<double>(number)} {}

  Entry& operator+=(const Entry& other);
  Entry& operator-=(const Entry& other);
  Entry& operator*=(const Entry& other);
  Entry& operator/=(const Entry& other);

 private:
  friend class detail::FormulaBuilder;
  explicit Entry(detail::EntryPlace place) : place_(place) {}
  detail::EntryPlace place_;
};

XGRAD_API Entry operator+(const Entry& a, const Entry& b);
XGRAD_API Entry operator-(const Entry& a, const Entry& b);
XGRAD_API Entry operator*(const Entry& a, const Entry& b);
XGRAD_API Entry operator/(const Entry& a, const Entry& b);
XGRAD_API Entry operator-(const Entry& x);
inline Entry operator+(const Entry& x) { return x; }

XGRAD_API Condition operator<(const Entry& a, const Entry& b);
XGRAD_API Condition operator<=(const Entry& a, const Entry& b);
XGRAD_API Condition operator==(const Entry& a, const Entry& b);
XGRAD_API Condition operator!=(const Entry& a, const Entry& b);
inline Condition operator>(const Entry& a, const Entry& b) { return b < a; }
inline Condition operator>=(const Entry& a, const Entry& b) { return b <= a; }
XGRAD_API Condition operator&&(const Condition& a, const Condition& b);
XGRAD_API Condition operator||(const Condition& a, const Condition& b);
XGRAD_API Condition operator!(const Condition& a);

/// `a` where the condition holds, `b` elsewhere. Both are computed; of the one that was not taken nothing
/// gets into value or derivative, not even NaN.
XGRAD_API Entry where(const Condition& condition, const Entry& a, const Entry& b);
inline Entry where(bool condition, const Entry& a, const Entry& b) { return condition ? a : b; }

/// The same for plain numbers, so that one function serves for both.
template <Number A, Number B>
std::common_type_t<A, B> where(bool condition, A a, B b) {
  return condition ? a : b;
}

/// |x|, with derivative 0 at 0.
XGRAD_API Entry abs(const Entry& x);
inline Entry fabs(const Entry& x) { return abs(x); }

/// The larger and the smaller of two, NaN where one of them is; where they tie, each gets half of the
/// derivative.
XGRAD_API Entry max(const Entry& a, const Entry& b);
XGRAD_API Entry min(const Entry& a, const Entry& b);
inline Entry fmax(const Entry& a, const Entry& b) { return max(a, b); }
inline Entry fmin(const Entry& a, const Entry& b) { return min(a, b); }
inline Entry clamp(const Entry& x, const Entry& low, const Entry& high) { return min(max(x, low), high); }

/// x^y. Its derivative by x is 0 where y is 0, that by y is 0 where x is 0 and y is not negative.
XGRAD_API Entry pow(const Entry& x, const Entry& y);
XGRAD_API Entry sqrt(const Entry& x);
XGRAD_API Entry cbrt(const Entry& x);
/// sqrt(x^2 + y^2), with derivative 0 at 0.
XGRAD_API Entry hypot(const Entry& x, const Entry& y);

XGRAD_API Entry exp(const Entry& x);
XGRAD_API Entry exp2(const Entry& x);
XGRAD_API Entry expm1(const Entry& x);
XGRAD_API Entry log(const Entry& x);
XGRAD_API Entry log2(const Entry& x);
XGRAD_API Entry log10(const Entry& x);
XGRAD_API Entry log1p(const Entry& x);

XGRAD_API Entry sin(const Entry& x);
XGRAD_API Entry cos(const Entry& x);
XGRAD_API Entry tan(const Entry& x);
XGRAD_API Entry asin(const Entry& x);
XGRAD_API Entry acos(const Entry& x);
XGRAD_API Entry atan(const Entry& x);
XGRAD_API Entry atan2(const Entry& y, const Entry& x);
XGRAD_API Entry sinh(const Entry& x);
XGRAD_API Entry cosh(const Entry& x);
XGRAD_API Entry tanh(const Entry& x);
XGRAD_API Entry asinh(const Entry& x);
XGRAD_API Entry acosh(const Entry& x);
XGRAD_API Entry atanh(const Entry& x);

XGRAD_API Entry erf(const Entry& x);
XGRAD_API Entry erfc(const Entry& x);

/// Steps have derivative 0. Halves are rounded to even numbers, as `round` of Variables does (std::round, of
/// plain numbers, rounds them away from 0).
XGRAD_API Entry floor(const Entry& x);
XGRAD_API Entry ceil(const Entry& x);
XGRAD_API Entry round(const Entry& x);
XGRAD_API Entry trunc(const Entry& x);
/// The remainder of x / y, with the sign of x.
XGRAD_API Entry fmod(const Entry& x, const Entry& y);

/// a b + c, rounded once where the library's machine does that in one instruction.
XGRAD_API Entry fma(const Entry& a, const Entry& b, const Entry& c);

XGRAD_API Condition isnan(const Entry& x);

// Those of Variables, so that one function serves for both.

XGRAD_API Entry square(const Entry& x);
/// 1 / (1 + e^-x), which does not overflow.
XGRAD_API Entry sigmoid(const Entry& x);
/// max(x, 0), with derivative 1 for x >= 0.
XGRAD_API Entry relu(const Entry& x);
inline Entry maximum(const Entry& a, const Entry& b) { return max(a, b); }
inline Entry minimum(const Entry& a, const Entry& b) { return min(a, b); }

// The standard functions of plain numbers, for what a function computes besides.

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

/// Collects what a function does to its entries. Of those of a thread, the innermost is at work.
class XGRAD_API FormulaBuilder {
 public:
  explicit FormulaBuilder(std::size_t inputs);
  /// Goes on from a formula, with more inputs.
  FormulaBuilder(const Formula& formula, std::size_t inputs);
  ~FormulaBuilder();
  FormulaBuilder(const FormulaBuilder&) = delete;
  FormulaBuilder& operator=(const FormulaBuilder&) = delete;

  Entry input(std::size_t k);
  /// The entry that an instruction computes.
  Entry at(std::uint32_t index) const;
  /// The instruction that computes an entry.
  std::uint32_t index_of(const Entry& entry);
  /// Ends the formula with its result.
  std::shared_ptr<const Formula> finish(const Entry& result);
  const Formula& formula() const { return *formula_; }

  // For the functions above; `op` is a kernels::Op.
  static Entry apply(std::uint8_t op, const Entry& a, const Entry& b, const Entry& c);
  static Entry entry(const Condition& condition) { return Entry(condition.place_); }
  static Condition condition(const Entry& entry) { return Condition(entry.place_); }
  /// Whether it is a constant, and which.
  static bool is_number(const Entry& entry) { return entry.place_.formula == 0; }
  static double number(const Entry& entry) { return entry.place_.number; }

 private:
  std::shared_ptr<Formula> formula_;
  std::uint64_t serial_;
  FormulaBuilder* outer_;
};

}  // namespace detail

}  // namespace xgrad
