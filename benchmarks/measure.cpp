#include <autodiff/kernels/batch.hpp>
#include <autodiff/memory.hpp>

#include "workload.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <omp.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <iostream>
#include <optional>
#include <string>

// Measures one workload in slices, as requested by bench.py on standard input: `go SECONDS` and `bound` are
// each answered by a line of JSON, `quit` by the last one. `xgrad_benchmarks --list` lists the workloads,
// `--list-growth` those of growth, and `--peak` measures the machine.

namespace {

using namespace benchmarks;
/// The peak rate of multiply-adds by all threads, in floating-point operations per second.
double peak_flops() {
  using V = xsimd::batch<float>;
  constexpr int steps = 1 << 20;
  constexpr std::size_t chains = 12;
  volatile float unknown = 1;  // prevents the compiler from computing once for all trials
  float keep = 0;
  double best = 0;
  for (int trial = 0; trial < 20; ++trial) {
    const float first = unknown;
    const auto start = Clock::now();
#pragma omp parallel reduction(+ : keep)
    {
      std::array<V, chains> sums;
      sums.fill(V(first));
      const V factor(0.999F);
      const V term(0.001F);
      for (int i = 0; i < steps; ++i) {
#pragma GCC unroll 12
        for (std::size_t k = 0; k < chains; ++k)
          sums[k] = xgrad::kernels::multiply_add<float>(sums[k], factor, term);
      }
      for (const V& sum : sums) keep += sum.get(0);
    }
    unknown = keep > 0 ? 1.0F : 2.0F;
    const double flops = 2.0 * steps * chains * V::size * omp_get_max_threads();
    best = std::max(best, flops / seconds_since(start));
  }
  return keep == 0 ? 0 : best;
}

std::size_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

void serve(const Workload& workload) {
  const Step step = workload.make();
  for (int i = 0; i < 2; ++i) step.run();
  const std::size_t before = xgrad::detail::system_allocations();
  for (int i = 0; i < 3; ++i) step.run();
  const std::size_t allocations = xgrad::detail::system_allocations() - before;
  const std::size_t bytes = peak_bytes();  // before the benchmark's own loops and kernels run

  std::string word;
  while (std::cin >> word && word != "quit") {
    nlohmann::json answer;
    if (word == "bound") {
      answer["seconds"] = step.bound ? step.bound() : 0;
    } else {  // go
      double seconds = 0;
      std::cin >> seconds;
      answer["seconds"] = median_time(step.run, seconds);
      if (step.hand) answer["hand_seconds"] = median_time(step.hand, seconds / 2);
      if (step.value) answer["value_seconds"] = median_time(step.value, seconds / 2);
      if (step.apart) answer["apart_seconds"] = median_time(step.apart, seconds / 2);
    }
    std::cout << answer << std::endl;
  }
  std::cout << nlohmann::json{{"peak_bytes", step.hand || step.bound ? bytes : std::max(bytes, peak_bytes())},
                              {"allocations", allocations},
                              {"flops", step.flops},
                              {"operations", step.operations}}
            << std::endl;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string name = count == 2 ? arguments[1] : "";
  std::vector<Workload> all = networks();
  for (Workload& each : elementary()) all.push_back(std::move(each));
  std::vector<Workload> growing = growth();
  if (name == "--list" || name == "--list-growth") {
    for (const Workload& each : name == "--list" ? all : growing) fmt::print("{}\n", each.name);
    return 0;
  }
  for (Workload& each : growing) all.push_back(std::move(each));
  if (name == "--peak") {
    fmt::print("{}\n", peak_flops());
    return 0;
  }
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Workload& each) { return each.name == name; });
  if (found == all.end()) {
    fmt::print(stderr, "usage: xgrad_benchmarks --list | --list-growth | --peak | WORKLOAD\n");
    return 2;
  }
  serve(*found);
}
