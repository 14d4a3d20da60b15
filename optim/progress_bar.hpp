#pragma once

#include <autodiff/config.hpp>
#include <optim/monitor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

namespace xgrad::optim {

/// Shows a run on a terminal: while an epoch goes on a line that fills, with rate, remaining time, running
/// risk and error; at its end a line that stays. Where the output is no terminal there are only the latter.
class XGRAD_API ProgressBar : public Monitor {
 public:
  explicit ProgressBar(std::FILE* out = stdout);

  void begin(const RunInfo& info) override;
  void batch(const BatchRecord& record) override;
  void epoch(const EpochRecord& record) override;
  void end(const RunResult& result) override;

 private:
  void clear();

  std::FILE* out_;
  bool is_terminal_;
  bool shown_ = false;
  std::size_t epochs_ = 0;
  std::chrono::steady_clock::time_point last_;
};

/// The line of an epoch: `epoch  3/12  risk 0.3412  error 12.31 %  validation risk 0.3201  error 11.70 % ...`
XGRAD_API std::string to_string(const EpochRecord& record, std::size_t epochs);

}  // namespace xgrad::optim
