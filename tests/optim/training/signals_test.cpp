// Signals that arrive during training, such as those of a profiler, a timer or Ctrl-C. The kernel writes a
// signal frame below the stack pointer of the interrupted thread; code that uses the stack pointer as a
// general register has the memory below it overwritten.
#include <autodiff/autodiff.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#endif

using namespace xgrad;

namespace {

std::atomic<long> caught{0};

void count(int) { caught.fetch_add(1, std::memory_order_relaxed); }

/// Sends SIGALRM to every thread of the process repeatedly during its lifetime. The handler is not removed,
/// because a last signal may still be pending.
class Alarms {
 public:
  Alarms() {
    struct sigaction action{};
    action.sa_handler = count;
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, nullptr);
    sender_ = std::jthread([](const std::stop_token& stop) {
      const auto self = static_cast<pid_t>(syscall(SYS_gettid));
      while (!stop.stop_requested()) {
        for (const auto& entry : std::filesystem::directory_iterator("/proc/self/task")) {
          const auto thread = static_cast<pid_t>(std::stol(entry.path().filename().string()));
          if (thread != self) syscall(SYS_tgkill, getpid(), thread, SIGALRM);
        }
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    });
  }

 private:
  std::jthread sender_;
};

using Arrays = std::vector<Array<float>>;

bool same_bits(const Arrays& a, const Arrays& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i].size() != b[i].size()) return false;
    if (std::memcmp(a[i].data(), b[i].data(), a[i].size() * sizeof(float)) != 0) return false;
  }
  return a.size() == b.size();
}

/// Checks that the results of `compute` do not change while signals arrive, on one and on two threads.
void check_under_signals(const std::function<Arrays()>& compute) {
#ifdef _OPENMP
  const int before = omp_get_max_threads();
  for (const int threads : {1, 2}) {
    omp_set_num_threads(threads);
#endif
    const Arrays expected = compute();
    REQUIRE(same_bits(compute(), expected));
    long wrong = 0;
    {
      const Alarms alarms;
      const long goal = caught + 1500;
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
      long runs = 0;
      while (runs < 3 || (caught < goal && std::chrono::steady_clock::now() < end)) {
        if (!same_bits(compute(), expected)) ++wrong;
        ++runs;
      }
    }
    CHECK(wrong == 0);
#ifdef _OPENMP
  }
  omp_set_num_threads(before);
#endif
}

Variable<float> random(const Shape& shape, std::uint64_t seed) {
  Generator generator(seed);
  return Variable<float>(random_normal<float>(shape, 0, 1, generator));
}

/// The value of f and the gradients of its sum of squares with respect to both arguments.
template <class F>
Arrays value_and_gradients(F f, const Variable<float>& a, const Variable<float>& b) {
  Tape tape;
  const Variable<float> y = f(a, b);
  const auto loss = sum(y * y);
  return {y.value(), tape.gradient(loss, a).value(), tape.gradient(loss, b).value()};
}

struct Mlp {
  nn::Linear<float> first{784, 256}, second{256, 128}, third{128, 10};
  Variable<float> operator()(const Variable<float>& x) { return third(relu(second(relu(first(x))))); }
};

struct LeNet {
  nn::Conv2d<float> conv1{1, 6, 5, {.padding = 2}}, conv2{6, 16, 5};
  nn::Linear<float> fc1{400, 120}, fc2{120, 84}, fc3{84, 10};
  Variable<float> operator()(const Variable<float>& x) {
    const auto h = max_pool2d(relu(conv2(max_pool2d(relu(conv1(x)), 2))), 2);
    return fc3(relu(fc2(relu(fc1(flatten(h))))));
  }
};

/// The parameters after three steps from the same initial values.
template <class Net>
Arrays trained(const Variable<float>& x) {
  seed(7);
  Net net;
  Array<int> labels(Shape{x.shape()[0]});
  for (std::size_t i = 0; i < labels.size(); ++i) labels.data()[i] = static_cast<int>(i % 10);
  optim::SGD<float> sgd(nn::parameters(net), {.learning_rate = 0.01, .momentum = 0.9});
  for (int step = 0; step < 3; ++step) {
    Tape tape;
    tape.backward(nn::cross_entropy(net(x), labels));
    sgd.step();
  }
  Arrays result;
  for (const auto& parameter : nn::parameters(net)) result.push_back(parameter.parameter.value());
  return result;
}

}  // namespace

TEST_CASE("signals do not change matrix products") {
  const auto product = [](const Variable<float>& a, const Variable<float>& b) { return matmul(a, b); };
  const auto layer = [bias = random({256}, 9)](const Variable<float>& a, const Variable<float>& b) {
    return linear(a, b, bias);
  };
  check_under_signals(
      [&] { return value_and_gradients(layer, random({64, 784}, 1), random({256, 784}, 2)); });
  check_under_signals(
      [&] { return value_and_gradients(product, random({128, 784}, 3), random({784, 64}, 4)); });
  check_under_signals(
      [&] { return value_and_gradients(product, random({600, 300}, 5), random({300, 500}, 6)); });
  check_under_signals(
      [&] { return value_and_gradients(product, random({8, 3000}, 7), random({3000, 40}, 8)); });
}

TEST_CASE("signals do not change convolutions") {
  const auto convolve = [](const Conv2dOptions& options) {
    return [=](const Variable<float>& x, const Variable<float>& w) { return conv2d(x, w, options); };
  };
  check_under_signals([&] {
    return value_and_gradients(convolve({}), random({16, 28, 28, 6}, 1), random({16, 5, 5, 6}, 2));
  });
  // Cases for which oneDNN may only have an implementation based on matrix multiplication.
  check_under_signals([&] {
    return value_and_gradients(convolve({.padding = 2, .dilation = 2}), random({4, 24, 24, 20}, 3),
                               random({36, 3, 3, 20}, 4));
  });
  check_under_signals([&] {
    return value_and_gradients(convolve({.padding = 5}), random({4, 24, 24, 16}, 5),
                               random({16, 3, 3, 16}, 6));
  });
  check_under_signals([&] {
    return value_and_gradients(convolve({.stride = 2, .padding = 3}), random({4, 64, 64, 3}, 7),
                               random({64, 7, 7, 3}, 8));
  });
}

TEST_CASE("signals do not change training") {
  check_under_signals([] { return trained<Mlp>(random({64, 784}, 1)); });
  check_under_signals([] { return trained<LeNet>(random({32, 28, 28, 1}, 2)); });
}

#ifdef _OPENMP
TEST_CASE("competing threads do not change training") {
  const int before = omp_get_max_threads();
  omp_set_num_threads(2);
  const Variable<float> images = random({32, 28, 28, 1}, 2);
  const Arrays expected = trained<LeNet>(images);
  std::vector<std::jthread> others;
  for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i) {
    others.emplace_back([](const std::stop_token& stop) {
      while (!stop.stop_requested()) continue;
    });
  }
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  long wrong = 0;
  while (std::chrono::steady_clock::now() < end) wrong += !same_bits(trained<LeNet>(images), expected);
  CHECK(wrong == 0);
  omp_set_num_threads(before);
}
#endif
