#pragma once

#include <autodiff/config.hpp>
#include <optim/monitor.hpp>

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <string>

namespace xgrad::optim {

/// Writes a run to a file for programs to read, one JSON object a line, flushed at once: what the run is
/// (`"kind": "run"`), each epoch (`"epoch"`), with `every` also each so many steps (`"step"`), and the end
/// (`"end"`). Numbers that are not finite are null, and so is what there is not. A run that goes on keeps the
/// lines of the epochs that it goes on from.
class XGRAD_API JsonLines : public Monitor {
 public:
  explicit JsonLines(std::filesystem::path path, std::size_t every = 0);

  /// Throws FileError where the file cannot be written, as do the others.
  void begin(const RunInfo& info) override;
  void batch(const BatchRecord& record) override;
  void epoch(const EpochRecord& record) override;
  void end(const RunResult& result) override;

 private:
  void write(const std::string& line);

  std::filesystem::path path_;
  std::size_t every_;
  std::ofstream file_;
};

}  // namespace xgrad::optim
