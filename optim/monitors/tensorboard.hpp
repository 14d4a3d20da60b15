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

/// Writes event files that TensorBoard shows: `tensorboard --logdir DIR`. The name and its functions are
/// PyTorch's.
///
/// A file is a list of records (TFRecord): the length of the data in 8 bytes, its checksum, the data, their
/// checksum, little-endian; checksums are CRC-32C (RFC 3720), rotated and shifted. The data are Event
/// messages of protocol buffers (tensorflow/core/util/event.proto). Each record is flushed, so that
/// TensorBoard follows.
///
/// To TensorBoard a folder is a run, whatever number of files it holds: where a later file begins again at
/// step 0, it takes the earlier files for a run that crashed, and shows only the later one. So each run needs
/// a folder of its own: `logs/first`, `logs/second`, and `tensorboard --logdir logs` shows both.
class XGRAD_API SummaryWriter {
 public:
  /// Makes the folder, and a new file in it. With `purge_step`, for a run that goes on, TensorBoard drops
  /// what the other files of the folder hold from that step on. Throws FileError.
  explicit SummaryWriter(const std::filesystem::path& folder,
                         std::optional<std::size_t> purge_step = std::nullopt);
  SummaryWriter(SummaryWriter&&) noexcept;
  SummaryWriter& operator=(SummaryWriter&&) noexcept;
  ~SummaryWriter();

  /// A number at a step; under one tag, `train/loss`, they become a curve. The file holds it as a float.
  /// Throws ValueError for a tag that is not UTF-8 and for a step of 2^63 or more, FileError.
  void add_scalar(std::string_view tag, double value, std::size_t step);

  /// The file.
  const std::filesystem::path& path() const { return path_; }

 private:
  void write(std::string_view event);

  std::filesystem::path path_;
  std::unique_ptr<files::OutputFile> file_;
};

/// Writes a run for TensorBoard: loss and error of training and validation, learning rate, momentum, images a
/// second and the share of time spent waiting after each epoch; the loss of the batches, every so many steps.
/// A run that goes on from a checkpoint adds a file to the folder of the last run. Another run in a folder
/// that already has one gets a folder inside it, `run-2`, `run-3`, ..., which TensorBoard shows beside the
/// first.
class XGRAD_API TensorBoard : public Monitor {
 public:
  explicit TensorBoard(std::filesystem::path folder, std::size_t every = 50);

  void begin(const RunInfo& info) override;
  void batch(const BatchRecord& record) override;
  void epoch(const EpochRecord& record) override;

 private:
  SummaryWriter& writer();

  std::filesystem::path folder_;
  std::size_t every_;
  std::unique_ptr<SummaryWriter> writer_;
};

namespace detail {

/// CRC-32C (Castagnoli) of some bytes, as RFC 3720 has it.
XGRAD_API std::uint32_t crc32c(std::string_view bytes) noexcept;

}  // namespace detail

}  // namespace xgrad::optim
