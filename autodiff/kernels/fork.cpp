#include <autodiff/kernels/fork.hpp>

#include <pthread.h>
#include <sys/stat.h>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace xgrad::kernels {
namespace {

#ifdef _OPENMP

bool was_alone = true;
bool is_child_of_threads = false;  // written while this process has one thread

/// A folder counts its sub-folders among its links: here one a thread, and two of its own.
void before_fork() {
  struct stat tasks {};
  was_alone = stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink <= 3;
}

/// A child has the thread that called fork() and none of the pool's, which libgomp does not notice: the next
/// parallel region would wait for them forever. That thread works alone from now on, in libraries too.
/// Threads that the child starts have pools of their own.
void in_child() {
  if (was_alone) return;
  is_child_of_threads = true;
  omp_set_num_threads(1);
}

[[maybe_unused]] const int registered = pthread_atfork(before_fork, nullptr, in_child);

#endif

}  // namespace

void before_blas() {
#ifdef KMP_VERSION_MAJOR  // of LLVM's omp.h
  if (is_child_of_threads && omp_get_max_threads() > 1) omp_set_num_threads(1);
#endif
}

}  // namespace xgrad::kernels
