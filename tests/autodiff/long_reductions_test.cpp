#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

// Sums and products of a million entries, compared with exact values: rounding errors stay within the bounds
// documented in autodiff/ops/reduction.hpp and scan.hpp, along every axis.

using namespace xgrad;

namespace {

constexpr std::size_t million = 1'000'000;

template <class T>
constexpr double unit = std::numeric_limits<T>::epsilon() / 2;

/// Shapes and axes such that a million entries are reduced to each of `results` results.
struct Layout {
  Shape shape;
  std::vector<int> axes;
};

const std::vector<Layout> layouts{
    {{million}, {0}},       {{million, 1}, {0}},      {{million, 3}, {0}},       {{2, million}, {1}},
    {{2, million, 3}, {1}}, {{500, 2, 2000}, {0, 2}}, {{500'000, 3, 2}, {0, 2}}, {{1000, 5, 1000}, {2, 0}}};

template <class T>
double worst(const Array<T>& values, double expected) {
  double result = 0;
  for (const T value : values) {
    result = std::max(result, std::abs(static_cast<double>(value) - expected) / std::abs(expected));
  }
  return result;
}

/// The index of an entry on the first reduced axis.
std::size_t along(const Layout& layout, std::size_t place) {
  std::size_t inside = 1;
  const auto axis = static_cast<std::size_t>(layout.axes.front());
  for (std::size_t i = axis + 1; i < layout.shape.size(); ++i) inside *= layout.shape[i];
  return place / inside % layout.shape[axis];
}

/// Arrays of equal entries, whose sum is exact in double.
template <class T>
Variable<T> same_everywhere(const Layout& layout, T number) {
  return full<T>(layout.shape, number);
}

}  // namespace

TEST_CASE_TEMPLATE("sums, means and variances of a million entries", T, float, double) {
  for (const Layout& layout : layouts) {
    CAPTURE(to_string(layout.shape));
    const T tenth = static_cast<T>(0.1F);  // its multiples up to a million are exact in double
    const auto x = same_everywhere(layout, tenth);
    CHECK(worst(sum(x, layout.axes).value(), 1e6 * static_cast<double>(tenth)) <= 256 * unit<T>);
    CHECK(worst(mean(x, layout.axes).value(), static_cast<double>(tenth)) <= 256 * unit<T>);
    // Alternating 1000 + 1 and 1000 - 1 along the axes: variance 1.
    Array<T> turns(layout.shape);
    for (std::size_t i = 0; i < turns.size(); ++i) {
      turns.data()[i] = along(layout, i) % 2 == 0 ? T(1001) : T(999);
    }
    CHECK(worst(var(Variable<T>(turns), layout.axes).value(), 1) <= 4096 * unit<T>);
  }
}

TEST_CASE_TEMPLATE("products of a million factors", T, float, double) {
  for (const Layout& layout : layouts) {
    CAPTURE(to_string(layout.shape));
    // (1 + 2^-17)^1000000, by the logarithm in long double
    const T factor = T(1) + T(0x1p-17);
    const auto expected = static_cast<double>(std::exp(1e6L * std::log1p(0x1p-17L)));
    const double bound = 1e6 * 0x1p-53 + unit<T>;
    const auto x = same_everywhere(layout, factor);
    CHECK(worst(prod(x, layout.axes).value(), expected) <= bound);
    Tape tape;
    const Variable<T> v = x;
    const Array<T> slopes = tape.gradient(sum(prod(v, layout.axes)), v).value();
    CHECK(worst(slopes, expected / static_cast<double>(factor)) <= 2 * bound + 4 * unit<T>);
  }
}

TEST_CASE_TEMPLATE("a product overflows only if the result itself is too large", T, float, double) {
  using Limits = std::numeric_limits<T>;
  for (const Layout& layout : {Layout{{3000}, {0}}, Layout{{3000, 3}, {0}}, Layout{{2, 3000}, {1}},
                               Layout{{30, 2, 100}, {0, 2}}, Layout{{6}, {0}}}) {
    CAPTURE(to_string(layout.shape));
    const auto of = [&](T early, T late) {  // the first half of the entries is large, the second small
      Array<T> x(layout.shape);
      for (std::size_t i = 0; i < x.size(); ++i) {
        x.data()[i] = along(layout, i) < layout.shape[layout.axes.front()] / 2 ? early : late;
      }
      return prod(Variable<T>(x), layout.axes).value();
    };
    for (const T value : of(static_cast<T>(0x1p100), static_cast<T>(0x1p-100))) CHECK(value == 1);
    for (const T value : of(Limits::denorm_min(), T(1) / 4 / Limits::min()))
      CHECK(value == doctest::Approx(0));
    for (const T value : of(Limits::max(), 2)) CHECK(value == Limits::infinity());
    for (const T value : of(-1, 1)) CHECK(std::abs(value) == 1);
    for (const T value : of(0, Limits::max())) CHECK(value == 0);
    for (const T value : of(0, Limits::infinity())) CHECK(std::isnan(value));
    for (const T value : of(Limits::quiet_NaN(), 0)) CHECK(std::isnan(value));
  }
  // Subnormal factors and products.
  const auto product = [](std::initializer_list<T> factors) {
    return prod(Variable<T>(Array<T>(xt::xarray<T>(factors)))).item();
  };
  CHECK(product({Limits::denorm_min(), T(1)}) == Limits::denorm_min());
  CHECK(product({Limits::denorm_min(), T(0x1p60), T(0x1p60)}) == std::ldexp(Limits::denorm_min(), 120));
  CHECK(product({T(3) * Limits::denorm_min(), T(2)}) == T(6) * Limits::denorm_min());
  CHECK(product({Limits::min(), T(0.5), T(-0.5)}) == -Limits::min() / 4);
  CHECK(product({Limits::max(), Limits::max(), T(0.5) / Limits::max(), T(1) / Limits::max()}) ==
        doctest::Approx(0.5));
}

TEST_CASE_TEMPLATE("cumulative sums and products of a million entries", T, float, double) {
  for (const Shape& shape :
       {Shape{million}, Shape{million, 1}, Shape{million, 3}, Shape{2, million}, Shape{9, million}}) {
    CAPTURE(to_string(shape));
    const int axis = shape.size() == 2 && shape[1] == million ? 1 : 0;
    const T tenth = static_cast<T>(0.1F);
    const Array<T> sums = cumsum(Variable<T>(full<T>(shape, tenth)), axis).value();
    const T factor = T(1) + T(0x1p-17);
    const Array<T> products = cumprod(Variable<T>(full<T>(shape, factor)), axis).value();
    double of_sums = 0;
    double of_products = 0;
    for (std::size_t i = 0; i < sums.size(); i += 997) {
      const auto count = static_cast<double>(detail::index_of(i, shape)[static_cast<std::size_t>(axis)] + 1);
      const auto product =
          static_cast<double>(std::exp(static_cast<long double>(count) * std::log1p(0x1p-17L)));
      of_sums = std::max(of_sums, std::abs(sums.data()[i] / (count * static_cast<double>(tenth)) - 1));
      of_products = std::max(of_products, std::abs(static_cast<double>(products.data()[i]) / product - 1));
    }
    CHECK(of_sums <= 1e6 * 0x1p-53 + unit<T>);
    CHECK(of_products <= 1e6 * 0x1p-53 + unit<T>);
  }
}
