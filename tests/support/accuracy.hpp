#pragma once

#include <autodiff/autodiff.hpp>

#include <bit>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <utility>
#include <vector>

// Errors of functions in units in the last place (ulp), for autodiff/accuracy_test.cpp. References are
// computed in a higher precision: double for float, long double for double.

namespace accuracy {

using namespace xgrad;

template <class T>
using Wide = std::conditional_t<sizeof(T) == 4, double, long double>;
template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// A reference value. For a sum whose terms cancel, errors are in units of the larger term, `size`.
template <class W>
struct Reference {
  W value;
  W size = 0;
  bool is_sum = false;
  Reference(W v) : value(v) {}
  Reference(W first, W second)
      : value(first + second), size(std::max(std::abs(first), std::abs(second))), is_sum(true) {}
};

/// The distance of `got` from the reference; infinite for a wrong NaN, infinity or sign of zero.
template <class T>
double units(T got, Reference<Wide<T>> want) {
  constexpr double wrong = std::numeric_limits<double>::infinity();
  using Limits = std::numeric_limits<T>;
  const auto rounded = static_cast<T>(want.value);
  if (std::isnan(want.value)) return std::isnan(got) ? 0 : wrong;
  if (std::isnan(got)) return wrong;
  if (got == rounded && (std::isinf(got) || got == 0)) {
    return want.value != 0 || want.is_sum || std::signbit(got) == std::signbit(want.value) ? 0 : wrong;
  }
  if (std::isinf(want.value)) return wrong;
  int exponent = 0;
  std::frexp(std::max(std::abs(want.value), std::abs(want.size)), &exponent);
  exponent = std::clamp(exponent, int{Limits::min_exponent}, int{Limits::max_exponent});
  // An infinity in place of the largest number is an error of one unit.
  const Wide<T> value = std::isinf(got)
                            ? std::copysign(std::ldexp(Wide<T>(1), Limits::max_exponent), Wide<T>(got))
                            : Wide<T>(got);
  return static_cast<double>(std::ldexp(std::abs(value - want.value), Limits::digits - exponent));
}

/// Special values and numbers of all magnitudes, with more of them where functions change.
template <class T>
std::vector<T> arguments(std::size_t count) {
  using Limits = std::numeric_limits<T>;
  std::vector<T> x;
  for (const T special : {T(0),
                          T(0.5),
                          T(1),
                          T(2),
                          T(3),
                          T(10),
                          T(20),
                          T(40),
                          T(88.7),
                          T(88.75),
                          T(103.9),
                          T(709.7),
                          T(709.78),
                          T(710.4),
                          T(745.1),
                          T(1e10),
                          T(1e18),
                          T(1e30),
                          T(1e-10),
                          T(1e-30),
                          Limits::max(),
                          Limits::min(),
                          Limits::denorm_min(),
                          T(1) - Limits::epsilon() / 2,
                          T(1) + Limits::epsilon(),
                          Limits::infinity(),
                          Limits::quiet_NaN()}) {
    x.push_back(special);
    x.push_back(-special);
  }
  if constexpr (sizeof(T) == 8) {
    for (const T special : {1e-310, 1e60, 1e160, 1e200, 1e300}) x.insert(x.end(), {special, -special});
  }
  std::mt19937_64 generator(1);
  std::uniform_real_distribution<T> unit(-1, 1);
  const std::size_t part = count / 16;
  for (std::size_t i = 0; i < 5 * part; ++i) x.push_back(std::bit_cast<T>(static_cast<Bits<T>>(generator())));
  for (const double size : {1e-3, 0.3, 1.0, 3.0, 10.0, 50.0, sizeof(T) == 4 ? 104.0 : 745.0, 1e4, 1e6}) {
    for (std::size_t i = 0; i < part; ++i) x.push_back(T(size) * unit(generator));
  }
  for (const double size : {1e-6, 1e-2}) {
    for (std::size_t i = 0; i < part / 2; ++i)
      x.push_back((i % 2 == 0 ? T(1) : T(-1)) + T(size) * unit(generator));
  }
  return x;
}

/// The largest error so far, and its arguments.
struct Worst {
  double units = 0;
  double at = 0, and_at = 0;
  double got = 0, want = 0;

  void see(double u, double x, double y, double g, double w) {
    if (u > units) *this = {u, x, y, g, w};
  }
};

template <class T>
Variable<T> as_variable(const std::vector<T>& x) {
  Array<T> array(Shape{x.size()});
  std::copy(x.begin(), x.end(), array.data());
  return Variable<T>(std::move(array));
}

/// Value and derivatives at points.
template <class T>
struct Evaluated {
  Array<T> value;
  std::vector<Array<T>> slopes;
};

template <class T, class F>
Evaluated<T> evaluate(const F& f, const std::vector<std::vector<T>>& x) {
  std::vector<Variable<T>> inputs;
  for (const auto& each : x) inputs.push_back(as_variable(each));
  Tape tape;
  Evaluated<T> result;
  const Variable<T> y = f(inputs);
  result.value = y.value();
  const Variable<T> total = sum(y);
  for (const Variable<T>& input : inputs) result.slopes.push_back(tape.gradient(total, input).value());
  return result;
}

template <class T>
bool same_bits(T a, T b) {
  return std::bit_cast<Bits<T>>(a) == std::bit_cast<Bits<T>>(b) || (std::isnan(a) && std::isnan(b));
}

}  // namespace accuracy
