#pragma once

#include <autodiff/config.hpp>
#include <optim/monitors/monitor.hpp>

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace xgrad::files {
class OutputFile;
}

namespace xgrad::optim {

/// Writes a run to a file for programs to read, one JSON object a line, flushed at once: what the run is
/// (`"kind": "run"`), each epoch (`"epoch"`), with `every` also each so many steps (`"step"`), and the end
/// (`"end"`). Numbers that are not finite are null, and so is what there is not. A run that goes on keeps the
/// lines of all steps and epochs before its checkpoint, and drops those of steps that are done again. At any
/// moment the file holds whole lines, but for the last one if the program is killed while writing it.
class XGRAD_API JsonLines : public Monitor {
 public:
  explicit JsonLines(std::filesystem::path path, std::size_t every = 0);
  ~JsonLines() override;

  /// Throws FileError if the file cannot be written, as do the others.
  void begin(const RunInfo& info) override;
  void batch(const BatchRecord& record) override;
  void epoch(const EpochRecord& record) override;
  void end(const RunResult& result) override;

 private:
  void write(std::string line);

  std::filesystem::path path_;
  std::size_t every_;
  std::unique_ptr<files::OutputFile> file_;
};

}  // namespace xgrad::optim
