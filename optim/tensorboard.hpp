#pragma once

#include <autodiff/config.hpp>
#include <optim/monitor.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

namespace xgrad::optim {

/// Writes event files that TensorBoard shows: `tensorboard --logdir DIR`. The name and its functions are
/// PyTorch's.
///
/// A file is a list of records (TFRecord): the length of the data in 8 bytes, its checksum, the data, their
/// checksum, little-endian; checksums are CRC-32C (RFC 3720), rotated and shifted. The data are Event
/// messages of protocol buffers (tensorflow/core/util/event.proto). Each record is flushed, so that
/// TensorBoard follows.
class XGRAD_API SummaryWriter {
 public:
  /// Makes the folder, and a new file in it. Throws FileError.
  explicit SummaryWriter(const std::filesystem::path& folder);

  /// A number at a step; under one tag, `risk/training`, they become a curve. Throws FileError.
  void add_scalar(std::string_view tag, double value, std::size_t step);

  /// The file.
  const std::filesystem::path& path() const { return path_; }

 private:
  void write(std::string_view event);

  std::filesystem::path path_;
  std::ofstream file_;
};

/// Writes a run for TensorBoard: risk and error of training and validation, learning rate, momentum, images a
/// second and the share of time spent waiting after each epoch; the risk of the batches, every so many steps.
/// A run that goes on adds a file to the folder, which TensorBoard reads with the others.
class XGRAD_API TensorBoard : public Monitor {
 public:
  explicit TensorBoard(std::filesystem::path folder, std::size_t every = 50);

  void begin(const RunInfo& info) override;
  void batch(const BatchRecord& record) override;
  void epoch(const EpochRecord& record) override;

 private:
  std::filesystem::path folder_;
  std::size_t every_;
  std::unique_ptr<SummaryWriter> writer_;
};

namespace detail {

/// CRC-32C (Castagnoli) of some bytes, as RFC 3720 has it.
XGRAD_API std::uint32_t crc32c(std::string_view bytes) noexcept;

}  // namespace detail

}  // namespace xgrad::optim
