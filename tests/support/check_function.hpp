#pragma once

#include "check_operation.hpp"

#include <limits>

// Checks of scalar functions, each listed in the table of operations.

namespace check {

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double missing = std::numeric_limits<double>::quiet_NaN();

/// A listed function of one number.
template <class F, class R>
void function(const std::string& name, const Elsewhere& elsewhere, const F& f, const R& reference,
              double low = -2, double high = 2) {
  const Listed listed(name, elsewhere);
  CAPTURE(name);
  unary(f, reference, low, high);
}

/// A listed function of two numbers.
template <class F, class R>
void function_of_two(const std::string& name, const Elsewhere& elsewhere, const F& f, const R& reference,
                     double low = -2, double high = 2) {
  const Listed listed(name, elsewhere);
  CAPTURE(name);
  binary(f, reference, low, high);
}

/// Whether y equals `expected` up to a few rounding errors; NaN agrees with NaN.
inline bool is(const Variable<double>& y, const xt::xarray<double>& expected, double relative = 1e-14) {
  if (y.value().shape() != to_array<double>(expected).shape()) return false;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double a = y.value().data()[i], b = expected.data()[i];
    if (std::isnan(a) ? !std::isnan(b) : !(a == b || std::abs(a - b) <= relative * std::abs(b))) return false;
  }
  return true;
}

/// The gradient of sum(f(x)) with respect to x.
template <class F>
Variable<double> slope(const F& f, const Variable<double>& x) {
  Tape tape;
  return tape.gradient(sum(f(x)), x);
}

/// The gradient of sum(f(a, b)) with respect to the first or second operand.
template <class F>
Variable<double> slope_of_two(const F& f, const Variable<double>& a, const Variable<double>& b, int which) {
  Tape tape;
  return tape.gradient(sum(f(a, b)), which == 0 ? a : b);
}

/// Checks f in float against `reference` in double over a range, to `units` units in the last place of float.
template <class F, class R>
void float_precision(const F& f, const R& reference, double low, double high, double units = 8) {
  const Variable<float> x = xt::cast<float>(draw({1001}, low, high, 3));
  const Variable<float> y = f(x);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double expected = reference(static_cast<double>(x.value()(i)));
    const double error = std::abs(static_cast<double>(y.value()(i)) - expected);
    wrong += !(error <= units * 6e-8 * std::abs(expected) + 1e-38);
  }
  CHECK(wrong == 0);
}

/// Checks f in double against `reference` over a range, relative to each value.
template <class F, class R>
void double_precision(const F& f, const R& reference, double low, double high, double units = 8) {
  const Variable<double> x = draw({1001}, low, high, 3);
  const Variable<double> y = f(x);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double expected = reference(x.value()(i));
    wrong += !(std::abs(y.value()(i) - expected) <= units * 1.2e-16 * std::abs(expected));
  }
  CHECK(wrong == 0);
}

}  // namespace check
