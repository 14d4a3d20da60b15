#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

// A workload is one short function that builds what a step needs and returns the step. To add one, write the
// function and add a line to the list at the end of its file; to compare with PyTorch, add a function of the
// same name to peers/pytorch.py.

namespace benchmarks {

/// What is measured of a workload.
struct Step {
  std::function<void()> run;           ///< one step
  double flops = 0;                    ///< arithmetic actually done: a multiply-add counts 2, padding 0
  std::function<void()> hand = {};     ///< the same by plain loops, for memory-bound workloads
  double operations = 0;               ///< operations recorded, if that is measured
  std::function<void()> value = {};    ///< the value alone, to compare the gradient with it
  std::function<void()> apart = {};    ///< the same by separate operations, if one fused pass is measured
  std::function<double()> bound = {};  ///< measures a lower bound of the step's seconds (bounds.hpp)
};

struct Workload {
  std::string name;
  std::function<Step()> make;
};

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start);

/// The median time of one run, over as many runs as fit into `seconds` but at least three.
double median_time(const std::function<void()>& run, double seconds);

std::vector<Workload> networks();
std::vector<Workload> elementary();
std::vector<Workload> growth();  // not in the table: `./run bench --growth`

}  // namespace benchmarks
