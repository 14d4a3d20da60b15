#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <cstdint>
#include <random>

namespace xgrad {

/// The source of everything random in xgrad. It is copied, compared and written to streams as the
/// standard library's engines are.
using Generator = std::mt19937_64;

/// The thread's own generator, from which layers draw their weights and dropout its masks when they are
/// not given another. Same seed, same thread, same order of calls: same numbers.
XGRAD_API Generator& default_generator();

/// Seeds the thread's default generator.
XGRAD_API void seed(std::uint64_t value);

/// Independent draws from the uniform distribution on [low, high).
template <class T>
XGRAD_API Array<T> random_uniform(const Shape& shape, T low = T(0), T high = T(1),
                                  Generator& generator = default_generator());

/// Independent draws from the normal distribution N(mean, deviation^2).
template <class T>
XGRAD_API Array<T> random_normal(const Shape& shape, T mean = T(0), T deviation = T(1),
                                 Generator& generator = default_generator());

/// A random order of 0 ... count - 1 (Fisher and Yates), the same on every standard library.
XGRAD_API std::vector<std::size_t> random_permutation(std::size_t count,
                                                      Generator& generator = default_generator());

}  // namespace xgrad
