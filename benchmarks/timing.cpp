#include "workload.hpp"

#include <algorithm>
#include <chrono>

namespace benchmarks {

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Runs too short for the clock are repeated for each reading.
double median_time(const std::function<void()>& run, double seconds) {
  const auto first = Clock::now();
  run();
  const double estimate = std::max(seconds_since(first), 1e-9);
  const auto repeats = static_cast<std::size_t>(std::clamp(2e-4 / estimate, 1.0, 1e6));
  std::vector<double> times;
  const auto start = Clock::now();
  while (times.size() < 3 || seconds_since(start) < seconds) {
    const auto begin = Clock::now();
    for (std::size_t i = 0; i < repeats; ++i) run();
    times.push_back(seconds_since(begin) / static_cast<double>(repeats));
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

}  // namespace benchmarks
