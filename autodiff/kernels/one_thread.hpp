#pragma once

#ifdef _OPENMP
#include <omp.h>
#endif

namespace xgrad::kernels {

/// While in scope, restricts this thread's library calls to one thread.
class OneThread {
 public:
#ifdef _OPENMP
  explicit OneThread(bool is_wanted = true) {
    if (!is_wanted || omp_get_max_threads() == 1) return;
    before_ = omp_get_max_threads();
    omp_set_num_threads(1);
  }
  ~OneThread() {
    if (before_ != 0) omp_set_num_threads(before_);
  }
#else
  explicit OneThread(bool = true) {}
#endif
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_ = 0;
};

}  // namespace xgrad::kernels
