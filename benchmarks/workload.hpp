#pragma once

#include <functional>
#include <string>
#include <vector>

// A workload is one short function that builds what a step needs and returns the step. To add one, write the
// function and add a line to the list at the end of its file; add a function of the same name to
// peers/pytorch.py where there is something to compare with.

namespace benchmarks {

/// What is measured.
struct Step {
  std::function<void()> run;         ///< one step
  double flops = 0;                  ///< arithmetic that it really does: a multiply-add counts 2, padding 0
  std::function<void()> hand = {};   ///< the same by plain loops, where memory is the bound
  double operations = 0;             ///< operations recorded, where that is the subject
  std::function<void()> value = {};  ///< the value alone, where the gradient is compared with it
};

struct Workload {
  std::string name;
  std::function<Step()> make;
};

std::vector<Workload> networks();
std::vector<Workload> elementary();

}  // namespace benchmarks
