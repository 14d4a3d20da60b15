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

/// The link count of a directory includes its subdirectories: here one per thread, plus two of its own.
void before_fork() {
  struct stat tasks{};
  was_alone = stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink <= 3;
}

/// A child has only the thread that called fork(). libgomp does not notice that the threads of its pool are
/// missing, and the next parallel region would wait for them forever. So this thread works alone from now on,
/// in libraries too. Threads that the child starts have their own pools.
void in_child() {
  if (was_alone) return;
  is_child_of_threads = true;
  omp_set_num_threads(1);
}

[[maybe_unused]] const int registered = pthread_atfork(before_fork, nullptr, in_child);

#endif

}  // namespace

void before_blas() {
#ifdef KMP_VERSION_MAJOR  // defined by LLVM's omp.h
  if (is_child_of_threads && omp_get_max_threads() > 1) omp_set_num_threads(1);
#endif
}

}  // namespace xgrad::kernels
