#include <autodiff/kernels/parallel.hpp>

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>

namespace xgrad::kernels {
namespace {

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// What this thread has seen of waiting for others.
struct Contention {
  std::int64_t lost = 0;         ///< ns of late by sharing work, less those that it saved
  std::int64_t alone_until = 0;  ///< when sharing is tried again
  std::int64_t pause = 0;        ///< how long it was given up the last time
};
thread_local Contention contention;

constexpr std::int64_t ms = 1'000'000;

/// libgomp lets a thread that waits spin 300,000 times, for milliseconds, and takes the processor from
/// whoever it waits for; but only 1,000 times where a process has more threads than processors, and there is
/// no call that says so. So there are more: a pool of two that rests for good.
void end_long_spinning() {
#ifdef _OPENMP
  if (omp_get_max_threads() < omp_get_num_procs()) return;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);  // handlers are for the program's own threads
  try {
    std::thread([] {
#pragma omp parallel num_threads(2)
      std::atomic_signal_fence(std::memory_order_seq_cst);
      for (;;) pause();
    }).detach();
  } catch (const std::system_error&) {  // the system has no more threads; they spin on
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
#endif
}

}  // namespace

Region::Region(std::size_t threads) : threads_(threads), begin_(now()) {
  is_shared_ = begin_ >= contention.alone_until;
}

void Region::part_done() { own_end_ = now(); }

void Region::done() {
  const std::int64_t end = now();
  const std::int64_t own = own_end_ - begin_;
  const std::int64_t waited = end - own_end_;
  // All parts take about as long: computing the others as well would have taken that much more.
  const std::int64_t others = own * static_cast<std::int64_t>(threads_ - 1);
  contention.lost = std::max<std::int64_t>(0, contention.lost + waited - others);
  if (contention.lost < 2 * ms) {
    if (end > contention.alone_until + 1000 * ms) contention.pause = 0;
    return;
  }
  contention.lost = 0;
  static std::once_flag is_first;
  std::call_once(is_first, end_long_spinning);
  contention.pause = std::clamp(2 * contention.pause, 20 * ms, 640 * ms);
  contention.alone_until = end + contention.pause;
}

}  // namespace xgrad::kernels
