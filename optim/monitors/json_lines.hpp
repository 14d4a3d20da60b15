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

/// Writes a run to a file in machine-readable form, one JSON object per line, flushed immediately: the run
/// (`"kind": "run"`), each epoch (`"epoch"`), every `every`-th step (`"step"`; none if `every` is 0), and the
/// end (`"end"`). Missing values and numbers that are not finite are null. A resumed run keeps the lines
/// of all steps and epochs before its checkpoint and drops those of steps that are repeated. The file always
/// consists of complete lines, except for the last one if the program is killed while writing it.
class XGRAD_API JsonLines : public Monitor {
 public:
  explicit JsonLines(std::filesystem::path path, std::size_t every = 0);
  ~JsonLines() override;

  /// Like the other callbacks, throws FileError if the file cannot be written.
  void begin(const RunInfo& info) override;
  /// Writes a line for every `every`-th step.
  void batch(const BatchRecord& record) override;
  /// Writes a line for the epoch.
  void epoch(const EpochRecord& record) override;
  void end(const RunResult& result) override;

 private:
  void write(std::string line);

  std::filesystem::path path_;
  std::size_t every_;
  std::unique_ptr<files::OutputFile> file_;
};

}  // namespace xgrad::optim
