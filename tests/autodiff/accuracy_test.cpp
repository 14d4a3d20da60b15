#include "../support/accuracy.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <numbers>

// Every elementary function and its derivative is within 4 units in the last place of the correctly rounded
// value. `elementwise` and the operation of the same name are bit-identical, and their results depend only on
// the entry. tests/accuracy.py writes the table of docs/accuracy.md from these measurements.

namespace {

using namespace accuracy;

constexpr double limit = 4;

/// The number of samples per function; set XGRAD_ACCURACY_SAMPLES for a full sweep by hand.
std::size_t samples() {
  const char* text = std::getenv("XGRAD_ACCURACY_SAMPLES");
  return text == nullptr ? 40'000 : std::strtoul(text, nullptr, 10);
}

/// The errors of a function's value and derivatives.
struct Row {
  Worst value, slope;
};

/// Results by precision and name; written at the end.
std::map<std::string, std::map<bool, Row>>& table() {
  static std::map<std::string, std::map<bool, Row>> rows;
  return rows;
}

void check_row(const std::string& name, bool is_double, const Row& row) {
  table()[name][is_double] = row;
  for (const auto& checked : {std::pair{"value", row.value}, {"derivative", row.slope}}) {
    const auto& worst = checked.second;
    CHECK_MESSAGE(worst.units <= limit,
                  fmt::format("{} of {} in {}: off by {:.2f} ulp at ({}, {}): {}, expected {}", checked.first,
                              name, is_double ? "double" : "float", worst.units, worst.at, worst.and_at,
                              worst.got, worst.want));
  }
}

/// A function of one number, the references for its value and derivative, and its domain.
template <class T, class F, class R, class D>
void measure(const std::string& name, const F& f, const R& reference, const D& slope,
             bool (*in_domain)(double)) {
  std::vector<T> x;
  for (const T each : arguments<T>(samples())) {
    if (std::isnan(each) || in_domain(static_cast<double>(each))) x.push_back(each);
  }
  const auto got = evaluate<T>([&](const auto& inputs) { return f(inputs[0]); }, {x});
  Row row;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto see = [&](Worst& worst, T value, Reference<Wide<T>> want) {
      worst.see(units<T>(value, want), double(x[i]), 0, double(value), double(want.value));
    };
    see(row.value, got.value.data()[i], reference(Wide<T>(x[i])));
    // The reference formula may have no limit at infinity; those points are checked separately.
    if (!std::isinf(x[i])) see(row.slope, got.slopes[0].data()[i], slope(Wide<T>(x[i])));
  }
  check_row(name, sizeof(T) == 8, row);
}

bool everywhere(double) { return true; }
bool positive(double x) { return x >= 0 && !std::signbit(x); }
bool within_one(double x) { return std::abs(x) <= 1; }
bool above_minus_one(double x) { return x > -1; }

template <class F, class R, class D>
void one(const std::string& name, const F& f, const R& reference, const D& slope,
         bool (*in_domain)(double) = everywhere) {
  CAPTURE(name);
  measure<float>(name, f, reference, slope, in_domain);
  measure<double>(name, f, reference, slope, in_domain);
}

/// Pairs of numbers of similar and different magnitude.
template <class T>
std::pair<std::vector<T>, std::vector<T>> pairs() {
  std::mt19937_64 generator(2);
  std::uniform_real_distribution<T> unit(-1, 1);
  std::pair<std::vector<T>, std::vector<T>> result;
  const auto anything = [&] { return std::bit_cast<T>(static_cast<Bits<T>>(generator())); };
  for (std::size_t i = 0; i < samples(); ++i) {
    T a = anything(), b = anything();
    if (i % 4 == 1) b = a * unit(generator);
    if (i % 4 == 2) a = 4 * unit(generator), b = 4 * unit(generator);
    if (i % 4 == 3) a = std::abs(a), b = 3 * unit(generator);
    if (!std::isfinite(a) || !std::isfinite(b)) continue;
    result.first.push_back(a);
    result.second.push_back(b);
  }
  return result;
}

template <class T, class F, class R, class A, class B>
void measure_two(const std::string& name, const F& f, const R& reference, const A& by_a, const B& by_b,
                 bool (*in_domain)(double, double)) {
  std::vector<T> a, b;
  const auto all = pairs<T>();
  for (std::size_t i = 0; i < all.first.size(); ++i) {
    if (!in_domain(double(all.first[i]), double(all.second[i]))) continue;
    a.push_back(all.first[i]);
    b.push_back(all.second[i]);
  }
  const auto got = evaluate<T>([&](const auto& inputs) { return f(inputs[0], inputs[1]); }, {a, b});
  Row row;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Wide<T> p = a[i], q = b[i];
    const auto see = [&](Worst& worst, T value, Reference<Wide<T>> want) {
      worst.see(units<T>(value, want), double(p), double(q), double(value), double(want.value));
    };
    see(row.value, got.value.data()[i], reference(p, q));
    see(row.slope, got.slopes[0].data()[i], by_a(p, q));
    see(row.slope, got.slopes[1].data()[i], by_b(p, q));
  }
  check_row(name, sizeof(T) == 8, row);
}

bool any_pair(double, double) { return true; }
bool positive_base(double a, double) { return a > 0; }

template <class F, class R, class A, class B>
void two(const std::string& name, const F& f, const R& reference, const A& by_a, const B& by_b,
         bool (*in_domain)(double, double) = any_pair) {
  CAPTURE(name);
  measure_two<float>(name, f, reference, by_a, by_b, in_domain);
  measure_two<double>(name, f, reference, by_a, by_b, in_domain);
}

template <class W>
W sigmoid_reference(W x) {
  return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}
template <class W>
W bell_reference(W x) {
  return std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi_v<W>);
}
template <class W>
W normal_reference(W x) {
  return std::erfc(-x / std::numbers::sqrt2_v<W>) / 2;
}
/// x y, or 0 if y is 0.
template <class W>
W times(W x, W y) {
  return y == 0 ? std::copysign(y, x) : x * y;
}
template <class W>
W gelu_argument(W x) {
  return 2 * std::sqrt(2 / std::numbers::pi_v<W>) * (x + W(0.044715L) * x * x * x);
}

}  // namespace

TEST_CASE("exponentials and logarithms") {
  constexpr auto ln2 = std::numbers::ln2_v<long double>, ln10 = std::numbers::ln10_v<long double>;
  const auto e = [](auto x) { return std::exp(x); };
  one("exp", [](const auto& x) { return exp(x); }, e, e);
  one(
      "exp2", [](const auto& x) { return exp2(x); }, [](auto x) { return std::exp2(x); },
      [=]<class W>(W x) { return W(ln2) * std::exp2(x); },
      [](double x) { return !(x >= 128 && x < 129) && !(x >= 1024 && x < 1025); });
  one("expm1", [](const auto& x) { return expm1(x); }, [](auto x) { return std::expm1(x); }, e);
  one(
      "log", [](const auto& x) { return log(x); }, [](auto x) { return std::log(x); },
      [](auto x) { return 1 / x; }, positive);
  one(
      "log2", [](const auto& x) { return log2(x); }, [](auto x) { return std::log2(x); },
      [=]<class W>(W x) { return 1 / (W(ln2) * x); }, positive);
  one(
      "log10", [](const auto& x) { return log10(x); }, [](auto x) { return std::log10(x); },
      [=]<class W>(W x) { return 1 / (W(ln10) * x); }, positive);
  one(
      "log1p", [](const auto& x) { return log1p(x); }, [](auto x) { return std::log1p(x); },
      [](auto x) { return 1 / (1 + x); }, above_minus_one);
}

TEST_CASE("roots") {
  one(
      "sqrt", [](const auto& x) { return sqrt(x); }, [](auto x) { return std::sqrt(x); },
      [](auto x) { return 1 / (2 * std::sqrt(x)); }, positive);
  one(
      "rsqrt", [](const auto& x) { return rsqrt(x); }, [](auto x) { return 1 / std::sqrt(x); },
      [](auto x) { return -1 / (2 * std::sqrt(x) * x); }, positive);
  one(
      "cbrt", [](const auto& x) { return cbrt(x); }, [](auto x) { return std::cbrt(x); },
      [](auto x) { return 1 / (3 * std::cbrt(x) * std::cbrt(x)); });
  one(
      "reciprocal", [](const auto& x) { return reciprocal(x); }, [](auto x) { return 1 / x; },
      [](auto x) { return -1 / (x * x); });
}

TEST_CASE("trigonometric functions") {
  one(
      "sin", [](const auto& x) { return sin(x); }, [](auto x) { return std::sin(x); },
      [](auto x) { return std::cos(x); });
  one(
      "cos", [](const auto& x) { return cos(x); }, [](auto x) { return std::cos(x); },
      [](auto x) { return -std::sin(x); });
  one(
      "tan", [](const auto& x) { return tan(x); }, [](auto x) { return std::tan(x); },
      [](auto x) { return 1 + std::tan(x) * std::tan(x); });
  one(
      "asin", [](const auto& x) { return asin(x); }, [](auto x) { return std::asin(x); },
      [](auto x) { return 1 / std::sqrt((1 - x) * (1 + x)); });
  one(
      "acos", [](const auto& x) { return acos(x); }, [](auto x) { return std::acos(x); },
      [](auto x) { return -1 / std::sqrt((1 - x) * (1 + x)); });
  one(
      "atan", [](const auto& x) { return atan(x); }, [](auto x) { return std::atan(x); },
      [](auto x) { return 1 / (1 + x * x); });
}

TEST_CASE("hyperbolic functions") {
  one(
      "sinh", [](const auto& x) { return sinh(x); }, [](auto x) { return std::sinh(x); },
      [](auto x) { return std::cosh(x); });
  one(
      "cosh", [](const auto& x) { return cosh(x); }, [](auto x) { return std::cosh(x); },
      [](auto x) { return std::sinh(x); });
  one(
      "tanh", [](const auto& x) { return tanh(x); }, [](auto x) { return std::tanh(x); },
      [](auto x) { return 4 * sigmoid_reference(2 * x) * sigmoid_reference(-2 * x); });
  one(
      "asinh", [](const auto& x) { return asinh(x); }, [](auto x) { return std::asinh(x); },
      []<class W>(W x) { return 1 / std::hypot(W(1), x); });
  one(
      "acosh", [](const auto& x) { return acosh(x); }, [](auto x) { return std::acosh(x); },
      [](auto x) { return 1 / (std::sqrt(x - 1) * std::sqrt(x + 1)); });
  one(
      "atanh", [](const auto& x) { return atanh(x); }, [](auto x) { return std::atanh(x); },
      [](auto x) { return 1 / ((1 - x) * (1 + x)); }, within_one);
}

TEST_CASE("the error function and activations") {
  const auto slope = []<class W>(W x) { return 2 * std::numbers::inv_sqrtpi_v<W> * std::exp(-x * x); };
  one("erf", [](const auto& x) { return erf(x); }, [](auto x) { return std::erf(x); }, slope);
  one(
      "erfc", [](const auto& x) { return erfc(x); }, [](auto x) { return std::erfc(x); },
      [=](auto x) { return -slope(x); });
  one(
      "sigmoid", [](const auto& x) { return sigmoid(x); }, [](auto x) { return sigmoid_reference(x); },
      [](auto x) { return sigmoid_reference(x) * sigmoid_reference(-x); });
  one(
      "softplus", [](const auto& x) { return softplus(x); },
      [](auto x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); },
      [](auto x) { return sigmoid_reference(x); });
  one(
      "silu", [](const auto& x) { return silu(x); }, [](auto x) { return times(x, sigmoid_reference(x)); },
      []<class W>(W x) {
        const W s = sigmoid_reference(x);
        return Reference<W>(s, times(x, s * sigmoid_reference(-x)));
      });
  one(
      "gelu", [](const auto& x) { return gelu(x); }, [](auto x) { return times(x, normal_reference(x)); },
      []<class W>(W x) { return Reference<W>(normal_reference(x), times(x, bell_reference(x))); });
  one(
      "gelu, approximate", [](const auto& x) { return gelu(x, {.approximate = true}); },
      [](auto x) { return times(x, sigmoid_reference(gelu_argument(x))); },
      []<class W>(W x) {
        const W v = gelu_argument(x), s = sigmoid_reference(v), bend = s * sigmoid_reference(-v);
        const W slope = 2 * std::sqrt(2 / std::numbers::pi_v<W>) * (1 + 3 * W(0.044715L) * x * x);
        return Reference<W>(s, times(times(x, bend), slope));
      });
  one(
      "elu", [](const auto& x) { return elu(x); }, [](auto x) { return x < 0 ? std::expm1(x) : x; },
      []<class W>(W x) { return x < 0 ? std::exp(x) : W(1); });  // like relu's, also for NaN
}

TEST_CASE("functions of two numbers") {
  two(
      "pow", [](const auto& a, const auto& b) { return pow(a, b); },
      [](auto a, auto b) { return std::pow(a, b); }, [](auto a, auto b) { return b * std::pow(a, b - 1); },
      []<class W>(W a, W b) { return std::pow(a, b) * std::log(a); }, positive_base);
  two(
      "hypot", [](const auto& a, const auto& b) { return hypot(a, b); },
      [](auto a, auto b) { return std::hypot(a, b); }, [](auto a, auto b) { return a / std::hypot(a, b); },
      [](auto a, auto b) { return b / std::hypot(a, b); });
  two(
      "atan2", [](const auto& a, const auto& b) { return atan2(a, b); },
      [](auto a, auto b) { return std::atan2(a, b); },
      [](auto a, auto b) { return b / std::hypot(a, b) / std::hypot(a, b); },
      [](auto a, auto b) { return -a / std::hypot(a, b) / std::hypot(a, b); });
  // If the sum of the two powers is near 1, its logarithm is near 0: measure the error in units of the larger
  // operand.
  two(
      "logaddexp", [](const auto& a, const auto& b) { return logaddexp(a, b); },
      []<class W>(W a, W b) { return Reference<W>(std::max(a, b), std::log1p(std::exp(-std::abs(a - b)))); },
      [](auto a, auto b) { return sigmoid_reference(a - b); },
      [](auto a, auto b) { return sigmoid_reference(b - a); });
}

TEST_CASE("write the table of errors") {
  const char* file = std::getenv("XGRAD_ACCURACY_TABLE");
  if (file == nullptr) return;
  std::ofstream out(file);
  for (const auto& [name, row] : table()) {
    out << name;
    for (const bool is_double : {false, true}) {
      const Row& each = row.at(is_double);
      for (const double u : {each.value.units, each.slope.units}) out << '\t' << fmt::format("{:.4f}", u);
    }
    out << '\n';
  }
}
