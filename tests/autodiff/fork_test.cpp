// A child of fork() does not inherit OpenMP's threads.
#include <autodiff/autodiff.hpp>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>
#ifdef _OPENMP
#include <omp.h>
#endif

using namespace xgrad;

namespace {

/// Large enough to use several threads in our kernels, in BLAS and, for the convolution, in oneDNN.
double compute() {
  const auto x = Variable<float>(full<float>({700, 700}, 0.01F));
  Tape tape;
  const auto y = sum(matmul(x, exp(x)));
  const auto images = Variable<float>(full<float>({16, 20, 20, 8}, 0.1F));
  const auto kernel = Variable<float>(full<float>({16, 3, 3, 8}, 0.1F));
  const auto z = sum(conv2d(images, kernel));
  const auto a = Variable<double>(xt::eye<double>(300) * 2.0);
  return y.item() + tape.gradient(y, x).value()(0, 0) + tape.gradient(z, kernel).value()(0, 0, 0, 0) +
         sum(inv(a)).item();
}

/// The exit status of a child process that runs `body`; -1 if it does not exit normally.
template <class Body>
int status_of_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("a child of fork() computes the same results as its parent") {
#ifdef _OPENMP
  omp_set_num_threads(2);
#endif
  const double expected = compute();
  const auto agrees = [=] { return compute() == doctest::Approx(expected).epsilon(1e-6) ? 0 : 1; };
  CHECK(status_of_child(agrees) == 0);
  CHECK(status_of_child([&] {  // on a new thread of the child
          int result = 2;
          std::thread([&] { result = agrees(); }).join();
          return result;
        }) == 0);
  CHECK(agrees() == 0);
}
