#include <autodiff/array.hpp>
#include <autodiff/error.hpp>

#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

using namespace xgrad;

namespace {

constexpr std::size_t MiB = std::size_t{1} << 20;

Array<float> array_of(std::size_t bytes) { return full<float>({bytes / sizeof(float)}, 1.0F); }

/// The pool is disabled with AddressSanitizer, which tracks each block.
bool is_pooled() {
  trim_memory();
  { const auto block = array_of(MiB); }
  return memory_use().unused >= MiB;
}

}  // namespace

TEST_CASE("bytes in use are counted per thread") {
  detail::reset_peak_bytes();
  const std::ptrdiff_t before = detail::bytes_in_use();
  {
    const Array<double> a = full<double>({1000}, 0.0);
    CHECK(detail::bytes_in_use() == before + 8000);
  }
  CHECK(detail::bytes_in_use() == before);
  CHECK(detail::peak_bytes_in_use() == before + 8000);
  std::thread([] { CHECK(detail::bytes_in_use() == 0); }).join();
}

TEST_CASE("memory allocated by one thread and freed by another is reused by both") {
  if (!is_pooled()) return;
  trim_memory();
  std::size_t held = 0;
  for (int step = 0; step < 500; ++step) {
    std::vector<Array<float>> results(2);
    std::vector<std::thread> threads;
    for (auto& result : results) {
      threads.emplace_back([&result] {
        const std::vector<Array<float>> small(50, array_of(256));
        result = array_of(MiB);
      });
    }
    for (auto& thread : threads) thread.join();
    results.clear();
    const MemoryUse use = memory_use();
    if (step == 10) held = use.in_use + use.unused;
    if (step > 10) CHECK(use.in_use + use.unused <= held + MiB / 4);
  }
}

TEST_CASE("memory does not accumulate if one thread only allocates and another only frees") {
  if (!is_pooled()) return;
  trim_memory();
  const std::size_t before = memory_use().in_use + memory_use().unused;
  for (int step = 0; step < 200; ++step) {
    std::vector<Array<float>> made;
    std::thread([&] {
      for (int i = 0; i < 1000; ++i) made.push_back(array_of(64));
    }).join();
    made.clear();
  }
  CHECK(memory_use().in_use + memory_use().unused < before + MiB);
}

TEST_CASE("unused memory is bounded by the recent use; the least recently requested size is freed first") {
  if (!is_pooled()) return;
  trim_memory();
  const std::size_t alive = memory_use().in_use;
  for (std::size_t size = MiB; size <= 128 * MiB; size += size / 8) {
    {
      const auto block = array_of(size);
    }
    CHECK(memory_use().unused <= std::max(64 * MiB, 2 * (alive + size + size / 4)));
  }
  const std::size_t before = detail::system_allocations();
  { const auto block = array_of(120 * MiB); }  // the last size is still in the pool
  CHECK(detail::system_allocations() == before);

  CHECK(trim_memory() >= 120 * MiB);
  CHECK(memory_use().unused == 0);
  CHECK(memory_use().in_use <= alive + MiB);
  CHECK(trim_memory() == 0);
}

TEST_CASE("a request that the system refuses is repeated after freeing unused memory") {
  if (!is_pooled()) return;
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  if (pages == 0) return;  // not Linux
  rlimit unlimited{};
  REQUIRE(getrlimit(RLIMIT_AS, &unlimited) == 0);
  trim_memory();
  const std::size_t now = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  rlimit limited = unlimited;
  limited.rlim_cur = now + 500 * MiB;
  REQUIRE(setrlimit(RLIMIT_AS, &limited) == 0);
  { const auto block = array_of(300 * MiB); }
  CHECK(memory_use().unused >= 300 * MiB);
  std::string message;
  CHECK_NOTHROW(array_of(400 * MiB));  // possible only if the 300 MiB were freed
  try {
    array_of(900 * MiB);
  } catch (const MemoryError& error) {
    message = error.what();
  }
  REQUIRE(setrlimit(RLIMIT_AS, &unlimited) == 0);
  CHECK(message.starts_with("out of memory: cannot allocate 943718400 bytes; "));
}

TEST_CASE("a child of fork can use the pool, even if other threads were using it during fork") {
  std::atomic<bool> stop = false;
  std::thread other([&] {
    while (!stop) array_of(40'000);
  });
  for (int i = 0; i < 50; ++i) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      alarm(20);  // kills a child that hangs
      const auto block = array_of(50'000);
      _exit(block(0) == 1.0F ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  stop = true;
  other.join();
}

TEST_CASE("blocks from any source do not overlap") {
  std::vector<Array<float>> alive;
  for (std::size_t round = 0; round < 3; ++round) {
    alive.clear();
    for (std::size_t i = 0; i < 400; ++i) {
      alive.push_back(full<float>({1 + (i * 977) % 20000}, static_cast<float>(i)));
    }
    for (std::size_t i = 0; i < alive.size(); ++i) {
      const auto is_own = [&](float entry) { return entry == static_cast<float>(i); };
      CHECK(std::all_of(alive[i].begin(), alive[i].end(), is_own));
    }
  }
}
