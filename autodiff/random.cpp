#include <autodiff/random.hpp>

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

namespace xgrad {
namespace {

/// Uniform on [0, 1), from the upper 53 bits of one draw. The standard library's distributions are
/// implementation-defined; these formulas are portable.
double uniform(Generator& generator) { return static_cast<double>(generator() >> 11) * 0x1.0p-53; }

}  // namespace

Generator& default_generator() {
  thread_local Generator generator(0);
  return generator;
}

void seed(std::uint64_t value) { default_generator().seed(value); }

template <class T>
Array<T> random_uniform(const Shape& shape, T low, T high, Generator& generator) {
  Array<T> result = empty<T>(shape);
  for (T& entry : result.storage()) {
    // Rounding to T may reach `high`, which is excluded: draw again.
    do {
      entry = static_cast<T>(low + (double(high) - double(low)) * uniform(generator));
    } while (entry >= high && low < high);
  }
  return result;
}

template <class T>
Array<T> random_normal(const Shape& shape, T mean, T deviation, Generator& generator) {
  Array<T> result = empty<T>(shape);
  auto& entries = result.storage();
  for (std::size_t i = 0; i < entries.size(); i += 2) {  // Box-Muller: two normal draws at a time
    const double radius = std::sqrt(-2 * std::log1p(-uniform(generator)));
    const double angle = 2 * std::numbers::pi * uniform(generator);
    entries[i] = static_cast<T>(mean + deviation * radius * std::cos(angle));
    if (i + 1 < entries.size()) {
      entries[i + 1] = static_cast<T>(mean + deviation * radius * std::sin(angle));
    }
  }
  return result;
}

std::vector<std::size_t> random_permutation(std::size_t count, Generator& generator) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) {
    std::swap(order[i - 1], order[static_cast<std::size_t>(uniform(generator) * static_cast<double>(i))]);
  }
  return order;
}

#define XGRAD_INSTANTIATE(T)                                           \
  template Array<T> random_uniform<T>(const Shape&, T, T, Generator&); \
  template Array<T> random_normal<T>(const Shape&, T, T, Generator&);
XGRAD_INSTANTIATE(float)
XGRAD_INSTANTIATE(double)
#undef XGRAD_INSTANTIATE

}  // namespace xgrad
