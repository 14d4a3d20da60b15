#pragma once

#include <autodiff/array.hpp>
#include <autodiff/config.hpp>

#include <cstdint>
#include <random>

namespace xgrad {

/// The random number generator of xgrad, an engine of the standard library.
using Generator = std::mt19937_64;

/// The default generator of the calling thread. Layers draw initial weights from it, and dropout its masks,
/// unless another is passed. The same seed, thread and order of calls reproduce the same numbers.
XGRAD_API Generator& default_generator();

/// Seeds the calling thread's default generator.
XGRAD_API void seed(std::uint64_t value);

/// Independent draws from the uniform distribution on [low, high).
template <class T>
XGRAD_API Array<T> random_uniform(const Shape& shape, T low = T(0), T high = T(1),
                                  Generator& generator = default_generator());

/// Independent draws from the normal distribution N(mean, deviation^2).
template <class T>
XGRAD_API Array<T> random_normal(const Shape& shape, T mean = T(0), T deviation = T(1),
                                 Generator& generator = default_generator());

/// A random permutation of 0 ... count - 1 (Fisher-Yates), the same with every standard library.
XGRAD_API std::vector<std::size_t> random_permutation(std::size_t count,
                                                      Generator& generator = default_generator());

}  // namespace xgrad
