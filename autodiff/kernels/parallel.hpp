#pragma once

#include <autodiff/kernels/one_thread.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#ifdef _OPENMP
#include <omp.h>
#endif

/// \file
/// Work sharing among the threads of OpenMP's pool, which oneDNN and OpenBLAS use too.

namespace xgrad::kernels {

/// The number of threads for `items` items of work if each thread should have at least `grain` of them.
inline std::size_t thread_count(std::size_t items, std::size_t grain) {
#ifdef _OPENMP
  if (items < 2 * grain || omp_in_parallel()) return 1;  // small work does not even query the thread count
  return std::clamp<std::size_t>(items / std::max<std::size_t>(grain, 1), 1,
                                 static_cast<std::size_t>(omp_get_max_threads()));
#else
  (void)items, (void)grain;
  return 1;
#endif
}

/// Decides whether the parts of a region are computed by one thread each, or all by this thread because
/// another program occupies the processors. The parts are the same, and so is the result.
class Region {
 public:
  explicit Region(std::size_t threads);
  bool is_shared() const { return is_shared_; }
  /// Called when the first part, which this thread computes, is done.
  void part_done();
  /// Called when all parts are done.
  void done();

 private:
  std::size_t threads_;
  bool is_shared_;
  std::int64_t begin_ = 0, own_end_ = 0;  // ns
};

/// Calls `body(begin, end, thread)` on `threads` contiguous parts of [0, items), always the same parts. The
/// body must neither throw nor allocate: an exception cannot leave a parallel region.
template <class Body>
void parallel_parts(std::size_t items, std::size_t threads, Body&& body) {
  if (threads <= 1) {
    if (items > 0) body(std::size_t{0}, items, std::size_t{0});
    return;
  }
  const auto part = [&](std::size_t t) {
    const std::size_t begin = items * t / threads;
    const std::size_t end = items * (t + 1) / threads;
    if (begin < end) body(begin, end, t);
  };
  Region region(threads);
  if (!region.is_shared()) {
    const OneThread limit;  // functions called by a part must not share their work either, as inside a region
    for (std::size_t t = 0; t < threads; ++t) part(t);
    return;
  }
#pragma omp parallel for schedule(static, 1) num_threads(static_cast<int>(threads))
  for (std::size_t t = 0; t < threads; ++t) {
    part(t);
    if (t == 0) region.part_done();
  }
  region.done();
}

/// Calls `body(begin, end)` on parts of [0, items), in parallel if each has at least `grain` items.
template <class Body>
void parallel_for(std::size_t items, std::size_t grain, Body&& body) {
  parallel_parts(items, thread_count(items, grain),
                 [&](std::size_t begin, std::size_t end, std::size_t) { body(begin, end); });
}

}  // namespace xgrad::kernels
