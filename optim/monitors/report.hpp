#pragma once

#include <autodiff/config.hpp>
#include <optim/monitors/monitor.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace xgrad::optim {

/// Writes a run as one page that needs no network, and writes it anew after each epoch: curves of loss and
/// error, learning rate and momentum, the confusion matrix with images of the worst confusions, the filters
/// of the first convolution, the time of the layers, settings. While the run goes on the page reloads itself.
///
/// Between epochs a thread writes the page again every few seconds, with the time. So a page whose program
/// was killed can tell: when it was not written for a minute it says that the run has stopped, and no longer
/// reloads.
class XGRAD_API Report : public Monitor {
 public:
  explicit Report(std::filesystem::path path);
  ~Report() override;
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  /// Adds a figure to those at the top of the page, such as the test error, which is known after the run; a
  /// second value of the same name replaces the first. If the page exists, it is written anew. Throws
  /// FileError.
  void add_figure(const std::string& name, const std::string& value);

  /// Throws FileError if the page cannot be written, as do the others.
  void begin(const RunInfo& info) override;
  void batch(const BatchRecord& record) override;
  void epoch(const EpochRecord& record) override;
  bool wants_details() const override { return true; }
  void details(const Details& details) override;
  void end(const RunResult& result) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace xgrad::optim
