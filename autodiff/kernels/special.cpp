#include <autodiff/kernels/special.hpp>

#include <math.h>

#include <numbers>

namespace xgrad::kernels {

namespace {

constexpr double pi = std::numbers::pi;
constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// B_2j / (2j)! for j >= 1, where B are the Bernoulli numbers.
constexpr double bernoulli[] = {0.083333333333333333,    -0.0013888888888888889,  3.3068783068783069e-5,
                                -8.2671957671957672e-7,  2.0876756987868099e-8,   -5.2841901386874932e-10,
                                1.3382536530684679e-11,  -3.3896802963225829e-13, 8.5860620562778446e-15,
                                -2.1748686985580619e-16, 5.5090028283602295e-18,  -1.3954464685812523e-19};

/// digamma(x) / (x - root) around its root, in powers of x - root; a minimax fit for |x - root| <= 1/4.
constexpr double root = 1.4616321449683622;
constexpr double root_rest = 9.5499954299656977e-17;
constexpr double around_root[] = {
    -0.00177499884188902834, 0.00259462969422709753, -0.00334922273525441922, 0.00489670161405668832,
    -0.00720563474869597602, 0.0105403999930982249,  -0.0154247334654082528,  0.0225976008160299307,
    -0.033161126992889929,   0.0488042889213548776,  -0.0721995612523983274,  0.107824050685333237,
    -0.163942705442418614,   0.258499760955668677,   -0.4427631689835921,     0.967672245447621162};

/// cot(pi x), also for large x; x must not be an integer.
double cotangent(double x) { return 1 / std::tan(pi * (x - std::nearbyint(x))); }

/// x^n for n >= 0.
double integer_power(double x, int n) {
  double result = 1;
  for (; n > 0; n /= 2, x *= x) {
    if (n % 2 != 0) result *= x;
  }
  return result;
}

}  // namespace

double lgamma(double x) {
  int sign;
  return ::lgamma_r(x, &sign);  // std::lgamma writes the sign to a variable that all threads share
}

double digamma(double x) {
  if (x == 0) return std::copysign(infinity, -x);
  if (x < 0) return x == std::floor(x) ? not_a_number : digamma(1 - x) - pi * cotangent(x);
  if (std::abs(x - root) <= 0.25) {
    const double distance = (x - root) - root_rest;
    double result = 0;
    for (const double coefficient : around_root) result = result * distance + coefficient;
    return result * distance;
  }
  double below = 0;  // digamma(x + 1) = digamma(x) + 1 / x
  for (; x < 10; ++x) below += 1 / x;
  // log(x) - 1/(2x) - the sum of B_2j / (2j x^2j)
  const double square = 1 / (x * x);
  constexpr double terms[] = {1.0 / 12,  -1.0 / 120,     1.0 / 252, -1.0 / 240,
                              1.0 / 132, -691.0 / 32760, 1.0 / 12};
  double series = 0;
  for (std::size_t j = std::size(terms); j-- > 0;) series = (series + terms[j]) * square;
  return std::log(x) - 0.5 / x - series - below;
}

Polygamma::Polygamma(int n) : n_(n), factorial_(std::tgamma(n + 1.0)) {
  // d/dx c = -pi (1 + c^2) for c = cot(pi x)
  cotangent_.resize(static_cast<std::size_t>(n) + 2, 0.0);
  cotangent_[1] = pi;
  for (int k = 0; k < n; ++k) {
    const auto previous = cotangent_;
    std::fill(cotangent_.begin(), cotangent_.end(), 0.0);
    for (std::size_t i = 1; i < previous.size(); ++i) {
      const double slope = -pi * static_cast<double>(i) * previous[i];
      cotangent_[i - 1] += slope;
      if (i + 1 < previous.size()) cotangent_[i + 1] += slope;
    }
  }
}

double Polygamma::of_positive(double x) const {
  // (-1)^(n+1) n! times the sum of 1 / (x + k)^s over all k, s = n + 1, by the Euler-Maclaurin formula from
  // an x on for which it is exact.
  const int s = n_ + 1;
  double total = 0;
  for (; x < 10 + n_; ++x) total += integer_power(1 / x, s);
  const double power = integer_power(1 / x, s);
  double term = power * s / x;
  double rest = integer_power(1 / x, n_) / n_ + power / 2;
  for (std::size_t j = 0; j < std::size(bernoulli); ++j) {
    rest += bernoulli[j] * term;
    const double k = s + 2.0 * static_cast<double>(j);
    term *= (k + 1) * (k + 2) / (x * x);
  }
  return (n_ % 2 == 0 ? -factorial_ : factorial_) * (total + rest);
}

double Polygamma::operator()(double x) const {
  if (n_ == 0) return digamma(x);
  if (x > 0) return x == infinity ? 0 : of_positive(x);
  if (std::isnan(x) || x == -infinity) return not_a_number;
  // At a pole, both one-sided limits agree for odd n; for even n the sign of 0 selects the side.
  if (x == std::floor(x)) return n_ % 2 != 0 ? infinity : x == 0 ? std::copysign(infinity, -x) : not_a_number;
  const double c = cotangent(x);
  double derivative = 0;
  for (std::size_t i = cotangent_.size(); i-- > 0;) derivative = derivative * c + cotangent_[i];
  return (n_ % 2 == 0 ? 1 : -1) * of_positive(1 - x) - derivative;
}

}  // namespace xgrad::kernels
