#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

// A workload is one short function that builds what a step needs and returns the step. To add one, write the
// function and add a line to the list at the end of its file; add a function of the same name to
// peers/pytorch.py where there is something to compare with.

namespace benchmarks {

/// What is measured.
struct Step {
  std::function<void()> run;           ///< one step
  double flops = 0;                    ///< arithmetic that it really does: a multiply-add counts 2, padding 0
  std::function<void()> hand = {};     ///< the same by plain loops, where memory is the bound
  double operations = 0;               ///< operations recorded, where that is the subject
  std::function<void()> value = {};    ///< the value alone, where the gradient is compared with it
  std::function<void()> apart = {};    ///< the same by separate operations, where one pass is the subject
  std::function<double()> bound = {};  ///< measures the seconds that the step takes at least (bounds.hpp)
};

struct Workload {
  std::string name;
  std::function<Step()> make;
};

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start);

/// The median time of one run over as many as fit into `seconds`, three at least.
double median_time(const std::function<void()>& run, double seconds);

std::vector<Workload> networks();
std::vector<Workload> elementary();
std::vector<Workload> growth();  // not in the table: `./run bench --growth`

}  // namespace benchmarks
