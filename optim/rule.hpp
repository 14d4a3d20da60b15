#pragma once

#include <autodiff/kernels/parallel.hpp>
#include <optim/optimizer.hpp>

#include <cstddef>

/// \file
/// Helpers to implement an optimiser's update rule. Not installed.

namespace xgrad::optim::detail {

/// Extracts the options that every optimiser has.
template <class Options>
OptimizerOptions common(const Options& options) {
  return {options.learning_rate, options.weight_decay, options.clip_norm, options.max_norm};
}

/// Calls `rule(k)` for each entry k of a parameter; vectorised, and in parallel if the parameter is large.
template <class Rule>
void for_entries(std::size_t size, const Rule& rule) {
  constexpr std::size_t grain = std::size_t{1} << 15;  // least number of entries per thread
  kernels::parallel_for(size, grain, [&rule](std::size_t begin, std::size_t end) {
    const Rule own = rule;  // a local copy, so that the compiler knows that its captures do not alias
#pragma omp simd
    for (std::size_t k = begin; k < end; ++k) own(k);
  });
}

}  // namespace xgrad::optim::detail
