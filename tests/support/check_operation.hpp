#pragma once

#include <autodiff/autodiff.hpp>

#include "listed.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>
#include <vector>

// One call checks an operation: its value against a reference, its first and second derivatives against
// finite differences, and float against double. A `check::Listed` in scope records what passed for the table
// of operations, docs/operations.md.

namespace check {

using namespace xgrad;

/// Random numbers in [low, high), reproducible by the seed.
inline Array<double> draw(const Shape& shape, double low = -2, double high = 2, std::uint64_t seed = 1) {
  Generator generator(seed);
  return random_uniform<double>(shape, low, high, generator);
}

/// 0, 1, 2, ... in row-major order.
inline Array<double> count_up(const Shape& shape) {
  Array<double> result(shape);
  for (std::size_t i = 0; i < result.size(); ++i) result.data()[i] = static_cast<double>(i);
  return result;
}

/// An array of this shape with the entries of a list.
inline Array<double> filled(const Shape& shape, std::initializer_list<double> entries) {
  Array<double> result(shape);
  REQUIRE(entries.size() == result.size());
  std::copy(entries.begin(), entries.end(), result.begin());
  return result;
}

/// Whether two arrays agree to `relative` of their largest entry; NaN agrees with NaN, infinity with itself.
template <class T>
bool close(const Array<T>& came, const Array<double>& expected, double relative) {
  if (came.shape() != expected.shape()) return false;
  double scale = 1;
  for (const double entry : expected.storage()) {
    if (std::isfinite(entry)) scale = std::max(scale, std::abs(entry));
  }
  for (std::size_t i = 0; i < came.size(); ++i) {
    const double a = came.data()[i];
    const double b = expected.data()[i];
    if (std::isnan(a) && std::isnan(b)) continue;
    if (!(a == b || std::abs(a - b) <= relative * scale)) return false;
  }
  return true;
}

/// The value of f(x) and the gradients of sum(c f(x)) for a fixed c, computed in T.
template <class T, class F, class... A>
std::vector<Array<T>> gradients_in(const F& f, const A&... arrays) {
  const std::vector<Variable<T>> inputs{Variable<T>(xt::cast<T>(arrays))...};
  Tape tape;
  const auto y = [&]<std::size_t... I>(std::index_sequence<I...>) {
    return Variable<T>(f(inputs[I]...));
  }(std::make_index_sequence<sizeof...(A)>());
  std::vector<Array<T>> all{y.value()};
  const Array<T> cotangent = to_array<T>(xt::cast<T>(draw(y.shape(), 0.5, 1.5, 7)));
  for (const auto& g : tape.gradient(sum(y * cotangent), inputs)) all.push_back(g.value());
  return all;
}

/// Checks value and gradients in float against those in double, to `relative` of the largest entry.
template <class F, class... A>
void float_against_double(const F& f, double relative, const A&... arrays) {
  const auto in_double = gradients_in<double>(f, arrays...);
  const auto in_float = gradients_in<float>(f, arrays...);
  bool all = true;
  for (std::size_t i = 0; i < in_double.size(); ++i) {
    const bool same = close(in_float[i], in_double[i], relative);
    CHECK(same);
    all = all && same;
  }
  Listed::note(Listed::in_float, all);
}

/// Checks derivatives to second order, and float against double.
template <class F, class... A>
void derivatives(const F& f, const A&... arrays) {
  const GradCheck first = gradcheck(f, arrays...);
  CHECK_MESSAGE(first.ok, first.message);
  Listed::note(Listed::first_order, first.ok);
  const GradCheck second = gradgradcheck(f, arrays...);
  CHECK_MESSAGE(second.ok, second.message);
  Listed::note(Listed::second_order, second.ok);
  float_against_double(f, 2e-5, arrays...);
}

/// Checks the value against `expected`, then the derivatives.
template <class F, class... A>
void operation(const F& f, const Array<double>& expected, const A&... arrays) {
  const bool same = close(Variable<double>(f(Variable<double>(arrays)...)).value(), expected, 1e-12);
  CHECK(same);
  Listed::note(Listed::value, same);
  derivatives(f, arrays...);
}

/// Checks an elementwise operation against a scalar function, over shapes from one number to several vectors.
template <class F, class R>
void unary(const F& f, const R& reference, double low = -2, double high = 2) {
  for (const Shape& shape : {Shape{}, Shape{1}, Shape{9}, Shape{2, 3}, Shape{2, 1, 4}, Shape{0, 3}}) {
    CAPTURE(to_string(shape));
    const Array<double> x = draw(shape, low, high);
    Array<double> expected(shape);
    std::transform(x.begin(), x.end(), expected.begin(), reference);
    operation(f, expected, x);
  }
  // Enough entries for several threads, and a remainder: every entry is computed.
  const Array<double> large = draw({70'001}, low, high);
  const Array<double> result = f(Variable<double>(large)).value();
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < large.size(); ++i) {
    const double expected = reference(large.data()[i]);
    wrong += !(std::abs(result.data()[i] - expected) <= 1e-12 * std::max(1.0, std::abs(expected)));
  }
  CHECK(wrong == 0);
}

/// Checks an elementwise operation of two operands against a scalar function, over shapes that broadcast.
template <class F, class R>
void binary(const F& f, const R& reference, double low = -2, double high = 2) {
  const std::vector<std::pair<Shape, Shape>> shapes{
      {{}, {}},         {{3}, {3}},       {{2, 3}, {3}},       {{2, 3}, {2, 1}},   {{}, {2, 3}},
      {{2, 3}, {}},     {{1}, {4}},       {{2, 1, 3}, {4, 1}}, {{17}, {1}},        {{2, 9}, {2, 9}},
      {{0, 3}, {1, 3}}, {{3, 1}, {1, 3}}, {{2, 2, 2}, {2}},    {{1, 1}, {2, 1, 2}}};
  for (const auto& pair : shapes) {
    const Shape& left = pair.first;
    const Shape& right = pair.second;
    CAPTURE(to_string(left));
    CAPTURE(to_string(right));
    const Array<double> a = draw(left, low, high, 1);
    const Array<double> b = draw(right, low, high, 2);
    const Shape shape = broadcast_shape("test", left, right);
    const xt::xarray<double> wide_a = xt::broadcast(a, shape);
    const xt::xarray<double> wide_b = xt::broadcast(b, shape);
    Array<double> expected(shape);
    std::transform(wide_a.begin(), wide_a.end(), wide_b.begin(), expected.begin(), reference);
    operation(f, expected, a, b);
  }
}

/// The message of the exception of type E that a call throws; empty if it throws none.
template <class E, class F>
std::string message(F&& call) {
  try {
    call();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace check
