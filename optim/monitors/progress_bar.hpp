#pragma once

#include <autodiff/config.hpp>
#include <optim/monitors/monitor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

namespace xgrad::optim {

/// Shows a run on a terminal: while an epoch goes on a line that fills, with rate, remaining time, running
/// loss and error; at its end a line that stays. If the output is not a terminal there are only the latter.
/// An output that cannot be written, such as a closed one, is no error.
class XGRAD_API ProgressBar : public Monitor {
 public:
  explicit ProgressBar(std::FILE* out = stdout);

  void begin(const RunInfo& info) override;
  void batch(const BatchRecord& record) override;
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

/// The line of an epoch, at most 80 columns: loss and zero-one error in training, the same in validation, the
/// seconds of training, and a star for the best validation error so far:
///
///     epoch  3/12  loss 0.3412  error 12.31 %  validation 0.3000  11.70 %  5.2 s  *
XGRAD_API std::string to_string(const EpochRecord& record, std::size_t epochs);

}  // namespace xgrad::optim
