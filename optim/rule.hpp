#pragma once

#include <autodiff/kernels/parallel.hpp>
#include <optim/optimizer.hpp>

#include <cstddef>

/// \file
/// How an optimiser's rule is written.

namespace xgrad::optim::detail {

/// The options that every optimiser has.
template <class Options>
CommonOptions common(const Options& options) {
  return {options.learning_rate, options.weight_decay, options.clip_norm, options.max_norm};
}

/// Calls `rule(k)` for each entry k of a parameter, vectorised, in parallel where it is large.
template <class Rule>
void for_entries(std::size_t size, const Rule& rule) {
  constexpr std::size_t grain = std::size_t{1} << 15;  // entries that are worth a thread
  kernels::parallel_for(size, grain, [&rule](std::size_t begin, std::size_t end) {
    const Rule own = rule;  // what it captures is seen to be the loop's own
#pragma omp simd
    for (std::size_t k = begin; k < end; ++k) own(k);
  });
}

}  // namespace xgrad::optim::detail
