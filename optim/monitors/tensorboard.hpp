#pragma once

#include <autodiff/config.hpp>
#include <optim/monitors/monitor.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace xgrad::files {
class OutputFile;
}

namespace xgrad::optim {

/// Writes event files for TensorBoard (`tensorboard --logdir DIR`). The class and its functions have
/// PyTorch's names.
///
/// A file is a sequence of records (TFRecord), little-endian: the length of the data in 8 bytes, the checksum
/// of the length, the data, and the checksum of the data; checksums are CRC-32C (RFC 3720), rotated and
/// offset by a constant. The data are protocol buffer messages of type Event
/// (tensorflow/core/util/event.proto). Each record is flushed, so that TensorBoard can follow the run.
///
/// TensorBoard treats a folder as one run, however many files it contains: if a later file begins again at
/// step 0, it treats the earlier files as a run that crashed and shows only the later one. So use one folder
/// for each run, such as `logs/first` and `logs/second`; `tensorboard --logdir logs` shows both.
class XGRAD_API SummaryWriter {
 public:
  /// Creates the folder, if necessary, and a new file in it. With `purge_step`, for a resumed run,
  /// TensorBoard drops the data of the folder's other files from that step on. Throws FileError if the folder
  /// or the file cannot be created.
  explicit SummaryWriter(const std::filesystem::path& folder,
                         std::optional<std::size_t> purge_step = std::nullopt);
  SummaryWriter(SummaryWriter&&) noexcept;
  SummaryWriter& operator=(SummaryWriter&&) noexcept;
  ~SummaryWriter();

  /// Adds a value at a step; the values of one tag, such as `train/loss`, form a curve. The value is stored
  /// as a float. Throws ValueError if the tag is not UTF-8 or the step is 2^63 or more, and FileError if the
  /// file cannot be written.
  void add_scalar(std::string_view tag, double value, std::size_t step);

  /// The path of the event file.
  const std::filesystem::path& path() const { return path_; }

 private:
  void write(std::string_view event);

  std::filesystem::path path_;
  std::unique_ptr<files::OutputFile> file_;
};

/// Writes a run for TensorBoard: after each epoch, training and validation loss, error and accuracy, learning
/// rate, momentum, samples per second and the fraction of time spent waiting for data; for every `every`-th
/// step (none if 0), the loss of the batch. A run that resumes from a checkpoint adds a file to the folder of
/// the last run. A new run in a folder that already contains one is written to a subfolder `run-2`, `run-3`,
/// ..., which TensorBoard shows next to the first.
class XGRAD_API TensorBoard : public Monitor {
 public:
  explicit TensorBoard(std::filesystem::path folder, std::size_t every = 50);

  /// Creates the event file of the run. Like the other callbacks, throws FileError if the folder or the file
  /// cannot be written.
  void begin(const RunInfo& info) override;
  /// Writes the loss of every `every`-th step, under the tag `batch/loss`.
  void batch(const BatchRecord& record) override;
  /// Writes the values of the epoch that exist, such as `train/loss` and `validation/error`, at its last
  /// step.
  void epoch(const EpochRecord& record) override;

 private:
  SummaryWriter& writer();

  std::filesystem::path folder_;
  std::size_t every_;
  std::unique_ptr<SummaryWriter> writer_;
};

namespace detail {

/// The CRC-32C (Castagnoli) checksum of RFC 3720.
XGRAD_API std::uint32_t crc32c(std::string_view bytes) noexcept;

}  // namespace detail

}  // namespace xgrad::optim
