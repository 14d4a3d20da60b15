#pragma once

#include <autodiff/config.hpp>
#include <optim/monitors/monitor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

namespace xgrad::optim {

/// Shows a run on a terminal: during an epoch a progress bar with throughput, remaining time, running loss
/// and error; at its end a summary line. If the output is not a terminal, only the summary lines are printed.
/// Failure to write to the output, for example because it is closed, is ignored.
class XGRAD_API ProgressBar : public Monitor {
 public:
  explicit ProgressBar(std::FILE* out = stdout);

  /// Prints the title and, for a resumed run, the epochs and steps completed before.
  void begin(const RunInfo& info) override;
  /// Redraws the bar, at most every 0.1 s; after the last step of an epoch, clears it.
  void batch(const BatchRecord& record) override;
  /// Replaces the bar by the summary line of the epoch.
  void epoch(const EpochRecord& record) override;
  void end(const RunResult& result) override;

 private:
  void clear();
  void print(const std::string& text);

  std::FILE* out_;
  bool is_terminal_;
  bool shown_ = false;
  std::size_t epochs_ = 0;
  std::chrono::steady_clock::time_point last_;
};

/// The summary line of an epoch, at most 80 columns: training loss and zero-one error, validation loss and
/// error, training time, and a star if the validation error is the best so far:
///
///     epoch  3/12  loss 0.3412  error 12.31 %  validation 0.3000  11.70 %  5.2 s  *
XGRAD_API std::string to_string(const EpochRecord& record, std::size_t epochs);

}  // namespace xgrad::optim
