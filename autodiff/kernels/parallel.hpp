#pragma once

#include <algorithm>
#include <cstddef>
#ifdef _OPENMP
#include <omp.h>
#endif

/// \file
/// Work sharing over the one OpenMP pool that oneDNN and OpenBLAS use too.

namespace xgrad::kernels {

/// How many threads a piece of work of `items` gets when each thread should have `grain` of them at least.
inline std::size_t thread_count(std::size_t items, std::size_t grain) {
#ifdef _OPENMP
  if (items < 2 * grain || omp_in_parallel()) return 1;  // small work does not even ask for the threads
  return std::clamp<std::size_t>(items / std::max<std::size_t>(grain, 1), 1,
                                 static_cast<std::size_t>(omp_get_max_threads()));
#else
  (void)items, (void)grain;
  return 1;
#endif
}

/// Calls `body(begin, end, thread)` on `threads` contiguous parts of [0, items), always the same parts.
template <class Body>
void parallel_parts(std::size_t items, std::size_t threads, Body&& body) {
  if (threads <= 1) {
    if (items > 0) body(std::size_t{0}, items, std::size_t{0});
    return;
  }
#pragma omp parallel for schedule(static, 1) num_threads(static_cast <int>(threads))
  for (std::size_t t = 0; t < threads; ++t) {
    const std::size_t begin = items * t / threads;
    const std::size_t end = items * (t + 1) / threads;
    if (begin < end) body(begin, end, t);
  }
}

/// Calls `body(begin, end)` on parts of [0, items), in parallel where each has `grain` items at least.
template <class Body>
void parallel_for(std::size_t items, std::size_t grain, Body&& body) {
  parallel_parts(items, thread_count(items, grain),
                 [&](std::size_t begin, std::size_t end, std::size_t) { body(begin, end); });
}

}  // namespace xgrad::kernels
