#include "workload.hpp"

#include <benchmark/benchmark.h>

// The small workloads under Google Benchmark, for its options: repetitions, filters, counters, comparison of
// runs.

int main(int count, char** arguments) {
  std::vector<benchmarks::Workload> all = benchmarks::elementary();
  for (benchmarks::Workload& each : benchmarks::networks()) {
    if (each.name.ends_with("_b1")) all.push_back(std::move(each));
  }
  for (const benchmarks::Workload& each : all) {
    benchmark::RegisterBenchmark(each.name.c_str(), [each](benchmark::State& state) {
      const benchmarks::Step step = each.make();
      for (auto _ : state) step.run();
      if (step.operations > 0) {
        state.SetItemsProcessed(static_cast<std::int64_t>(step.operations) * state.iterations());
      }
    })->UseRealTime();
  }
  benchmark::Initialize(&count, arguments);
  if (benchmark::ReportUnrecognizedArguments(count, arguments)) return 1;
  benchmark::RunSpecifiedBenchmarks();
}
