#pragma once

#include "check_operation.hpp"

// Checks of pooling against its definition: the entries that each result is computed from.

namespace check {

/// For each output of an axis, the entries of the image under its window, in order.
using Windows = std::vector<std::vector<std::size_t>>;

/// Distinct numbers in a random order, far enough apart for numerical derivatives.
inline Array<double> shuffled(const Shape& shape, std::uint64_t seed = 11) {
  Generator generator(seed);
  const auto order = random_permutation(element_count(shape), generator);
  Array<double> result(shape);
  for (std::size_t i = 0; i < order.size(); ++i)
    result.data()[i] = 0.1 * (static_cast<double>(order[i]) - static_cast<double>(order.size() / 3));
  return result;
}

/// A pooling of images {N, H, W, C}, by its definition.
struct Pooling {
  Shape images;
  Windows rows, columns;

  /// {N, H', W', C}.
  Shape result() const { return {images[0], rows.size(), columns.size(), images[3]}; }

  /// Calls `body(result, entries)` with the index of each result and the indices of the entries under its
  /// window.
  template <class Body>
  void for_windows(const Body& body) const {
    std::size_t place = 0;
    for (std::size_t n = 0; n < images[0]; ++n)
      for (const auto& rows_under : rows)
        for (const auto& columns_under : columns)
          for (std::size_t c = 0; c < images[3]; ++c) {
            std::vector<std::size_t> entries;
            for (const std::size_t i : rows_under)
              for (const std::size_t j : columns_under)
                entries.push_back(((n * images[1] + i) * images[2] + j) * images[3] + c);
            body(place++, entries);
          }
  }
};

/// Compares value, gradient and the gradient of that with respect to its cotangent. `f` takes arrays of shape
/// `taken` and returns arrays of shape `given`, which are the pooling's shapes or have fewer axes.
template <class T, class F>
void compare_max_in(const F& f, const Pooling& pooling, const Shape& taken, const Shape& given) {
  const Array<double> numbers = shuffled(taken);
  const Array<T> x0 = xt::cast<T>(numbers);
  const Array<T> g = xt::cast<T>(draw(given, -1, 1, 2));
  const Array<T> h = xt::cast<T>(draw(taken, -1, 1, 3));
  Array<double> y = full<double>(given, 0);
  Array<double> dx = full<double>(taken, 0);
  Array<double> dg = full<double>(given, 0);
  pooling.for_windows([&](std::size_t result, const std::vector<std::size_t>& entries) {
    std::size_t best = entries.front();
    for (const std::size_t entry : entries) best = x0.data()[entry] > x0.data()[best] ? entry : best;
    y.data()[result] = x0.data()[best];
    dx.data()[best] += g.data()[result];
    dg.data()[result] = h.data()[best];
  });
  CHECK(close(f(Variable<T>(x0)).value(), y, 0));  // with no tape
  const Variable<T> x = x0, cotangent = g;
  Tape outer;
  Variable<T> gradient;
  bool right = true;
  {
    Tape tape;
    const auto result = f(x);
    right = close(result.value(), y, 0);
    gradient = tape.gradient(result, x, cotangent);
  }
  right = right && close(gradient.value(), dx, std::is_same_v<T, float> ? 1e-6 : 1e-14);
  right = right && close(outer.gradient(gradient, cotangent, h).value(), dg, 0);
  CHECK(right);
  Listed::note(std::is_same_v<T, float> ? Listed::in_float : Listed::value, right);
}

template <class F>
void compare_max(const F& f, const Pooling& pooling, const Shape& taken, const Shape& given) {
  compare_max_in<double>(f, pooling, taken, given);
  compare_max_in<float>(f, pooling, taken, given);
}

/// Compares value and gradient; `divisor(entries)` is the divisor of a sum of that many entries.
template <class T, class F, class D>
void compare_avg_in(const F& f, const Pooling& pooling, const Shape& taken, const Shape& given,
                    const D& divisor) {
  const Array<T> x0 = xt::cast<T>(draw(taken, -1, 1, 1));
  const Array<T> g = xt::cast<T>(draw(given, -1, 1, 2));
  Array<double> y = full<double>(given, 0);
  Array<double> dx = full<double>(taken, 0);
  pooling.for_windows([&](std::size_t result, const std::vector<std::size_t>& entries) {
    const auto count = static_cast<double>(divisor(entries.size()));
    for (const std::size_t entry : entries) {
      y.data()[result] += x0.data()[entry] / count;
      dx.data()[entry] += g.data()[result] / count;
    }
  });
  const Variable<T> x = x0;
  Tape tape;
  const auto result = f(x);
  const double relative = std::is_same_v<T, float> ? 2e-6 : 1e-13;
  const bool right =
      close(result.value(), y, relative) && close(tape.gradient(result, x, g).value(), dx, relative);
  CHECK(right);
  Listed::note(std::is_same_v<T, float> ? Listed::in_float : Listed::value, right);
}

template <class F, class D>
void compare_avg(const F& f, const Pooling& pooling, const Shape& taken, const Shape& given,
                 const D& divisor) {
  compare_avg_in<double>(f, pooling, taken, given, divisor);
  compare_avg_in<float>(f, pooling, taken, given, divisor);
}

/// Checks derivatives to second order, also of the square, whose second derivative is not zero.
template <class F>
void pooling_derivatives(const F& f, const Shape& shape) {
  const Array<double> x = shuffled(shape);
  derivatives(f, x);
  derivatives([&](const auto& v) { return square(f(v)); }, x);
}

}  // namespace check
