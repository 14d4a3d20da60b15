#pragma once

#include <autodiff/config.hpp>
#include <optim/monitors/monitor.hpp>

#include <filesystem>
#include <memory>
#include <string>

namespace xgrad::optim {

/// Writes a run as a self-contained HTML page and rewrites it after each epoch: curves of loss and error,
/// learning rate and momentum, the confusion matrix with images of the worst confusions, the filters of the
/// first convolution, the time of each layer, and the settings. During the run the page reloads itself.
///
/// Between epochs a thread rewrites the page every few seconds with the current time, so that the page can
/// detect a killed program: if it has not been written for a minute, it says that the run has stopped and
/// stops reloading.
class XGRAD_API Report : public Monitor {
 public:
  explicit Report(std::filesystem::path path);
  ~Report() override;
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  /// Adds a figure to those at the top of the page, such as the test error; a value with an existing name
  /// replaces it. May be called after the run: if the page exists, it is rewritten. Throws FileError if it
  /// cannot be written.
  void add_figure(const std::string& name, const std::string& value);

  /// Like the other callbacks that write the page, throws FileError if it cannot be written.
  void begin(const RunInfo& info) override;
  /// Updates the progress and the remaining time that the page shows, at most once per second; does not
  /// write the page.
  void batch(const BatchRecord& record) override;
  /// Rewrites the page with the curves and results up to this epoch.
  void epoch(const EpochRecord& record) override;
  bool wants_details() const override { return true; }
  void details(const Details& details) override;
  void end(const RunResult& result) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace xgrad::optim
