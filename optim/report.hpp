#pragma once

#include <autodiff/config.hpp>
#include <optim/monitor.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace xgrad::optim {

/// Writes a run as one page that needs no network, and writes it anew after each epoch: curves of risk and
/// error, learning rate and momentum, the confusion matrix with images of the worst confusions, the filters
/// of the first convolution, the time of each layer, settings. While the run goes on the page reloads itself.
class XGRAD_API Report : public Monitor {
 public:
  explicit Report(std::filesystem::path path);

  /// Throws FileError where the page cannot be written, as do the others.
  void begin(const RunInfo& info) override;
  void epoch(const EpochRecord& record) override;
  bool wants_details() const override { return true; }
  void details(const Details& details) override;
  void end(const RunResult& result) override;

 private:
  void write(const std::string& state, bool goes_on) const;

  std::filesystem::path path_;
  RunInfo info_;
  std::vector<EpochRecord> history_;
  Details details_;
};

}  // namespace xgrad::optim
