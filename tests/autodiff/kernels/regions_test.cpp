// Nothing may allocate inside a parallel region, from which std::bad_alloc could not be caught. This program
// replaces malloc to count allocations by the operations, with arrays large enough for several threads.
#include <autodiff/autodiff.hpp>
#include <autodiff/kernels/sanitizers.hpp>
#include <nn/nn.hpp>
#include <optim/optim.hpp>

#include <dlfcn.h>
#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>
#ifdef _OPENMP
#include <omp.h>
#endif

#if defined(__GLIBC__) && defined(_OPENMP) && !XGRAD_HAS_ADDRESS_SANITIZER && !XGRAD_HAS_THREAD_SANITIZER

namespace {
std::atomic<bool> counts{false};
std::atomic<int> inside{0};
thread_local bool is_counted = false;  // in this thread and in those of its pool

/// LLVM's OpenMP itself allocates at the start of a loop, and the loader at the start of a thread of the
/// pool.
bool is_of_openmp([[maybe_unused]] void* caller) {
#ifdef KMP_VERSION_MAJOR  // defined by LLVM's omp.h
  Dl_info from{};
  if (dladdr(caller, &from) == 0) return false;
  return std::strstr(from.dli_fname, "libomp") != nullptr ||
         std::strstr(from.dli_fname, "ld-linux") != nullptr;
#else
  return false;
#endif
}

void note(void* caller) {
  if (!is_counted || !counts.load(std::memory_order_relaxed) || omp_in_parallel() == 0) return;
  if (!is_of_openmp(caller)) ++inside;
}
}  // namespace

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);

void* malloc(std::size_t bytes) noexcept {
  note(__builtin_return_address(0));
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) noexcept {
  note(__builtin_return_address(0));
  return __libc_calloc(count, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  note(__builtin_return_address(0));
  return __libc_memalign(alignment, bytes);
}
}

using namespace xgrad;

namespace {

Variable<double> some(const Shape& shape, std::uint64_t seed = 1) {
  Generator generator(seed);
  return Variable<double>(random_uniform<double>(shape, 0.1, 1.0, generator));
}

/// Computes f(x) and its gradient.
void check(const std::string& name, const Variable<double>& x,
           const std::function<Variable<double>(const Variable<double>&)>& f) {
  inside = 0;
  counts = true;
  {
    Tape tape;
    const auto y = f(x);
    const auto loss = sum(y * y);
    tape.gradient(loss, x);
  }
  counts = false;
  CHECK_MESSAGE(inside == 0, name);
}

/// Axes of extent 3 that are alternately kept and reduced, or present and broadcast: none can be merged.
const Shape many_axes = {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3};

}  // namespace

TEST_CASE("the program's own malloc is called") {
  omp_set_num_threads(2);
#pragma omp parallel num_threads(2)
  { is_counted = true; }  // the pool's own allocations happen before counting
  counts = true;
#pragma omp parallel num_threads(2)
  {
    void* memory = std::malloc(100);
    asm volatile("" : : "r"(memory) : "memory");  // or the compiler removes both calls
    std::free(memory);
  }
  counts = false;
  CHECK(inside >= 2);
}

TEST_CASE("no operation allocates in a parallel region") {
  omp_set_num_threads(2);
  const auto x = some({512, 1024});
  const auto cube = some({64, 96, 128}, 2);
  const auto row = some({1024}, 3);
  const auto column = some({512, 1}, 4);
  const auto deep = some(many_axes, 5);

  check("exp", x, [](auto& v) { return exp(v); });
  check("pow", x, [](auto& v) { return pow(v, 1.5); });
  check("lgamma", x, [](auto& v) { return lgamma(v); });
  check("a row", x, [&](auto& v) { return v * row; });
  check("a column", x, [&](auto& v) { return v / column; });
  check("short rows", some({100000, 5}), [](auto& v) { return v * some({5}, 6); });
  check("where", x, [](auto& v) { return where(v > 0.5, v, v * 2.0); });
  check("maximum", x, [&](auto& v) { return maximum(v, row); });
  check("clip", x, [](auto& v) { return clip(v, 0.2, 0.8); });
  check("elementwise", x,
        [&](auto& v) { return elementwise([](auto a, auto b) { return exp(a) * sin(b); }, v, row); });
  check("many broadcast axes", deep, [](auto& v) { return v * some({1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1}, 7); });
  check("many reduced axes", deep, [](auto& v) { return sum(v, {0, 2, 4, 6, 8, 10}); });
  check("many kept axes", deep, [](auto& v) { return sum(v, {1, 3, 5, 7, 9}); });
  check("transposed axes", deep, [](auto& v) { return transpose(v); });
  for (const int axis : {0, 1, 2}) {
    const std::string along = " along " + std::to_string(axis);
    check("sum" + along, cube, [=](auto& v) { return sum(v, axis); });
    check("mean" + along, cube, [=](auto& v) { return mean(v, axis); });
    check("variance" + along, cube, [=](auto& v) { return var(v, axis); });
    check("prod" + along, cube, [=](auto& v) { return prod(v, axis); });
    check("amax" + along, cube, [=](auto& v) { return max(v, axis); });
    check("norm" + along, cube, [=](auto& v) { return norm(v, axis); });
    check("logsumexp" + along, cube, [=](auto& v) { return logsumexp(v, axis); });
    check("softmax" + along, cube, [=](auto& v) { return softmax(v, axis); });
    check("log_softmax" + along, cube, [=](auto& v) { return log_softmax(v, axis); });
    check("cumsum" + along, cube, [=](auto& v) { return cumsum(v, axis); });
    check("cumprod" + along, cube, [=](auto& v) { return cumprod(v, axis); });
    check("cumlogsumexp" + along, cube, [=](auto& v) { return cumlogsumexp(v, axis); });
    check("sort" + along, cube, [=](auto& v) { return sort(v, axis); });
    check("topk" + along, cube, [=](auto& v) { return topk(v, 3, axis).values; });
    check("median" + along, cube, [=](auto& v) { return median(v, axis); });
    check("quantile" + along, cube, [=](auto& v) { return quantile(v, 0.3, axis); });
    check("flip" + along, cube, [=](auto& v) { return flip(v, axis); });
    check("roll" + along, cube, [=](auto& v) { return roll(v, 5, axis); });
    check("take" + along, cube, [=](auto& v) { return take(v, xt::xarray<int>{3, 0, 5, 5, 9}, axis); });
    check("concatenate" + along, cube, [=](auto& v) { return concatenate(std::vector{v, v}, axis); });
    check("repeat" + along, cube, [=](auto& v) { return repeat(v, 2, axis); });
    inside = 0;
    counts = true;
    (void)argmax(cube, axis);
    (void)argsort(cube, axis);
    counts = false;
    CHECK_MESSAGE(inside == 0, ("argmax" + along));
  }
  check("sort of long rows", some({4, 200000}), [](auto& v) { return sort(v, 1); });
  check("pad", cube, [](auto& v) { return pad(v, {{1, 1}, {2, 2}, {3, 3}}); });
  check("tril", some({700, 700}), [](auto& v) { return tril(v); });
  check("view", cube, [](auto& v) { return view(v, xt::all(), xt::range(3, 90, 2), xt::range(1, 120)); });
  check("einsum", some({300, 300}), [](auto& v) { return einsum("ij,kj->ik", v, v); });
  check("matmul", some({300, 300}), [](auto& v) { return matmul(v, v); });
  check("matmul with a vector", some({2000, 300}), [](auto& v) { return matmul(v, some({300}, 8)); });
  check("few rows", some({4, 90000}), [](auto& v) { return matmul(v, transpose(v)); });
  check("linear", some({256, 300}), [](auto& v) { return linear(v, some({200, 300}, 9), some({200}, 10)); });
  const auto images = some({8, 32, 32, 16}, 11);
  check("conv2d", images, [](auto& v) { return conv2d(v, some({24, 3, 3, 16}, 12), {.padding = 1}); });
  check("the weight", some({24, 3, 3, 16}, 12), [&](auto& w) { return conv2d(images, w, {.padding = 1}); });
  check("1x1", images, [](auto& v) { return conv2d(v, some({24, 1, 1, 16}, 12)); });
  check("grouped", images, [](auto& v) { return conv2d(v, some({24, 3, 3, 4}, 12), {.groups = 4}); });
  check("depthwise", images, [](auto& v) { return conv2d(v, some({32, 3, 3, 1}, 12), {.groups = 16}); });
  check("its weight", some({32, 3, 3, 1}), [&](auto& w) { return conv2d(images, w, {.groups = 16}); });
  check("conv_transpose2d", images, [](auto& v) { return conv_transpose2d(v, some({8, 3, 3, 16}, 12)); });
  check("max_pool2d", images, [](auto& v) { return max_pool2d(v, 2); });
  check("avg_pool2d", images, [](auto& v) { return avg_pool2d(v, 3); });
  check("adaptive", images, [](auto& v) { return adaptive_avg_pool2d(v, 7); });
  check("unfold", images, [](auto& v) { return unfold(v, 3); });
  check("relu", x, [](auto& v) { return relu(v - 0.5); });
  check("gelu", x, [](auto& v) { return gelu(v); });
  check("dropout", x, [](auto& v) { return dropout(v, {.keep = 0.5}); });
  nn::BatchNorm2d<double> normalise(16);
  check("batch_norm", images, [&](auto& v) { return normalise(v); });
}

TEST_CASE("no optimiser allocates in a parallel region") {
  omp_set_num_threads(2);
  nn::Linear<double> layer(800, 900);
  optim::Adam<double> adam(nn::parameters(layer), {.learning_rate = 0.01});
  const auto x = some({16, 800});
  for (int step = 0; step < 2; ++step) {
    Tape tape;
    tape.backward(sum(square(layer(x))));
    inside = 0;
    counts = true;
    optim::clip_grad_norm(nn::parameters(layer), 1.0);
    adam.step();
    counts = false;
    CHECK(inside == 0);
  }
}

#endif
