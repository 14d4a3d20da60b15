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

/// This thread's record of the time spent waiting for others.
struct Contention {
  std::int64_t lost = 0;         ///< ns lost recently by sharing work, minus those saved
  std::int64_t alone_until = 0;  ///< when sharing is next tried
  std::int64_t pause = 0;        ///< how long sharing was suspended the last time
};
thread_local Contention contention;

constexpr std::int64_t ms = 1'000'000;

/// A waiting thread of libgomp spins 300,000 times, for milliseconds, and keeps the processor from the thread
/// that it waits for. It spins only 1,000 times if the process has more threads than processors, and no
/// function selects this. So this function creates more threads: a second pool of two that sleeps forever.
void end_long_spinning() {
#ifdef _OPENMP
  if (omp_get_max_threads() < omp_get_num_procs()) return;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);  // signal handlers must run on the program's own threads
  try {
    std::thread([] {
#pragma omp parallel num_threads(2)
      std::atomic_signal_fence(std::memory_order_seq_cst);
      for (;;) pause();
    }).detach();
  } catch (const std::system_error&) {  // no more threads are available; waiting threads keep spinning
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
  // All parts take about the same time, so computing the others here would have taken this much longer.
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
