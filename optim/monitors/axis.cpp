#include <optim/monitors/axis.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad::optim::detail {
namespace {

constexpr double largest = std::numeric_limits<double>::max();

/// Values that differ by less than this fraction of their magnitude count as equal, because the labels that
/// distinguish them would be too long.
constexpr double least_span = 1e-6;
/// On a linear axis, smaller magnitudes count as 0: tick steps are powers of ten, which underflow below it.
constexpr double least_number = 1e-300;

/// m * 10^exponent, correctly rounded if 10^|exponent| is exact in double.
double decimal(double m, int exponent) {
  return exponent < 0 ? m / std::pow(10, -exponent) : m * std::pow(10, exponent);
}

/// A short label: `0.01`, `2000`, `50k`, `1e-06`.
std::string label(double value, int digits) {
  if (value == 0) return "0";
  const double magnitude = std::abs(value);
  if (magnitude >= 1e4 && magnitude < 1e9 && std::fmod(value, 100) == 0) {
    const bool millions = magnitude >= 1e6;
    return fmt::format("{:.{}g}{}", value / (millions ? 1e6 : 1e3), digits, millions ? 'M' : 'k');
  }
  return fmt::format("{:.{}g}", value, digits);
}

/// The label of m * 10^exponent, even if no double is close to it.
std::string label_of_power(int m, int exponent) {
  if (exponent < -4 || exponent > 8) return fmt::format("{}e{:+03}", m, exponent);
  return label(decimal(m, exponent), 6);
}

}  // namespace

bool Axis::holds(double value) const {
  return std::isfinite(value) && (scale_ != Scale::logarithmic || value > 0);
}

void Axis::include(double value) {
  if (!holds(value)) return;
  const double scaled = scale_ == Scale::logarithmic ? std::log10(value) : value;
  low_ = std::min(low_, scaled);
  high_ = std::max(high_, scaled);
}

void Axis::settle() {
  if (!(low_ <= high_)) {  // nothing was included
    low_ = 0, high_ = 1;
    return;
  }
  const double middle = low_ / 2 + high_ / 2;
  if (scale_ == Scale::logarithmic) {
    if (high_ - low_ < least_span) low_ = middle - 0.5, high_ = middle + 0.5;
    return;
  }
  const double magnitude = std::max(std::abs(low_), std::abs(high_));
  const bool is_one = high_ / 2 - low_ / 2 < least_span / 2 * magnitude;
  if (magnitude < least_number || (is_one && scale_ == Scale::whole_numbers && magnitude < 1e9)) {
    low_ = middle - 1, high_ = middle + 1;
  } else if (is_one) {
    const double end = std::clamp(middle * 2, -largest, largest);
    low_ = std::min(0.0, end), high_ = std::max(0.0, end);
  } else if (scale_ == Scale::whole_numbers && high_ - low_ < 1) {
    low_ = std::floor(low_), high_ = std::ceil(high_);
  } else if (low_ > 0 && low_ < 0.35 * high_) {
    low_ = 0;
  }
}

double Axis::share(double value) const {
  const double scaled = scale_ == Scale::logarithmic ? std::log10(value) : value;
  return (scaled / 2 - low_ / 2) / (high_ / 2 - low_ / 2);  // halved: differences can overflow
}

std::vector<Tick> Axis::ticks(std::size_t most) const {
  return scale_ == Scale::logarithmic ? logarithmic_ticks(most) : linear_ticks(low_, high_, most);
}

std::vector<Tick> Axis::linear_ticks(double low, double high, std::size_t most) const {
  const double rough = (high / 2 - low / 2) / (static_cast<double>(most) / 2);
  int exponent = static_cast<int>(std::floor(std::log10(rough)));
  const double share = rough / std::pow(10, exponent);
  int m = share > 5 ? 10 : share > 2 ? 5 : share > 1 ? 2 : 1;
  if (m == 10) m = 1, ++exponent;
  if (scale_ == Scale::whole_numbers && exponent < 0) m = 1, exponent = 0;
  const double step = decimal(m, exponent);
  const double magnitude = std::max(std::abs(low), std::abs(high));
  const int digits = std::max(6, static_cast<int>(std::floor(std::log10(magnitude))) - exponent + 1);

  std::vector<Tick> ticks;
  const double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
  const double count = std::min(last - first, 3.0 * static_cast<double>(most));
  for (double k = 0; k <= count; ++k) {
    const double value = decimal((first + k) * m, exponent);
    if (std::isfinite(value)) ticks.push_back({value, label(value, digits)});
  }
  return ticks;
}

std::vector<Tick> Axis::logarithmic_ticks(std::size_t most) const {
  const double decades = high_ - low_;
  const double from = std::pow(10, low_), to = std::min(std::pow(10, high_), largest);
  if (decades <= 0.7 && from > least_number) return linear_ticks(from, to, most);
  std::vector<Tick> ticks;
  const auto add = [&](int m, int exponent) {
    const double at = exponent + std::log10(m);
    const double value = decimal(m, exponent);
    if (at < low_ - 1e-9 || at > high_ + 1e-9 || value == 0 || !std::isfinite(value)) return;
    ticks.push_back({value, label_of_power(m, exponent)});
  };
  const bool dense = decades < 2.5 && most >= 5;
  const int step = std::max(1, static_cast<int>(std::ceil(decades / static_cast<double>(most + 2))));
  const int begin = static_cast<int>(std::floor(low_ / step)) * step;
  for (int exponent = begin; exponent <= high_; exponent += step) {
    for (const int m : {1, 2, 5}) {
      if (m == 1 || dense) add(m, exponent);
    }
  }
  if (ticks.empty()) {  // near the smallest positive doubles, where powers of ten have few digits
    const double middle = std::pow(10, low_ / 2 + high_ / 2);
    ticks.push_back({middle, label(middle, 6)});
  }
  return ticks;
}

}  // namespace xgrad::optim::detail
