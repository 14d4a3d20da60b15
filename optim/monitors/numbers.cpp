#include <optim/monitors/numbers.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace xgrad::optim::detail {

std::string short_number(double value) {
  const double magnitude = std::abs(value);
  if (!std::isfinite(value)) return fmt::format("{}", value);
  if (magnitude >= 99999.5) return fmt::format("{:.1e}", value);
  if (magnitude < 0.001 && magnitude > 0) return fmt::format("{:.2e}", value);
  const int decimals = magnitude < 9.99995 ? 4 : magnitude < 99.9995 ? 3 : magnitude < 999.995 ? 2 : 1;
  return fmt::format("{:.{}f}", value, decimals);
}

std::string percent(const std::optional<double>& share) {
  if (!share) return "–";
  if (*share >= 0.99995) return fmt::format("{:.0f} %", 100 * *share);
  return fmt::format("{:.2f} %", 100 * *share);
}

std::string duration(double seconds) {
  if (!(seconds >= 0)) return "?";
  if (seconds < 0.995) return fmt::format("{:.2f} s", seconds);
  if (seconds < 59.95) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<long>(std::min(std::round(seconds), 1e11));
  const long minutes = whole / 60, hours = whole / 3600;
  if (hours >= 100) return fmt::format("{} d {} h", hours / 24, hours % 24);
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes % 60, whole % 60);
  return fmt::format("{}:{:02}", minutes, whole % 60);
}

}  // namespace xgrad::optim::detail
