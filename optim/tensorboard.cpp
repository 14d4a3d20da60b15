#include <autodiff/error.hpp>
#include <optim/tensorboard.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>

namespace xgrad::optim {
namespace {

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t rest = byte;
    for (int bit = 0; bit < 8; ++bit) rest = rest >> 1 ^ (rest & 1 ? 0x82f63b78U : 0U);
    table[byte] = rest;
  }
  return table;
}

constexpr std::array<std::uint32_t, 256> table = make_table();

/// The checksum as TFRecord files have it.
std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8U; }

template <class Number>
std::string bytes_of(Number number) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

// ---- Protocol buffers: a key (number of the field and kind of what follows), then the value ----

enum Kind : std::uint64_t { varint = 0, eight_bytes = 1, with_length = 2, four_bytes = 5 };

std::string encode_varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

std::string field(std::uint64_t number, Kind kind, std::string_view bytes) {
  std::string text = encode_varint(number << 3 | kind);
  if (kind == with_length) text += encode_varint(bytes.size());
  return text.append(bytes);
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Event: wall_time = 1 (double), step = 2 (int64), file_version = 3 (string), summary = 5 (Summary).
// Summary: value = 1 (Value, repeated). Value: tag = 1 (string), simple_value = 2 (float).

std::string first_event() {
  return field(1, eight_bytes, bytes_of(wall_time())) + field(3, with_length, "brain.Event:2");
}

std::string scalar_event(std::string_view tag, double value, std::size_t step) {
  const std::string inner =
      field(1, with_length, tag) + field(2, four_bytes, bytes_of(static_cast<float>(value)));
  return field(1, eight_bytes, bytes_of(wall_time())) + field(2, varint, encode_varint(step)) +
         field(5, with_length, field(1, with_length, inner));
}

}  // namespace

std::uint32_t detail::crc32c(std::string_view bytes) noexcept {
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  return ~crc;
}

SummaryWriter::SummaryWriter(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw FileError(fmt::format("cannot make the folder {}: {}", folder.string(), error.message()));
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0')
    std::strcpy(host.data(), "localhost");
  static std::atomic<int> count{0};
  path_ = folder / fmt::format("events.out.tfevents.{}.{}.{}.{}", static_cast<std::uint64_t>(wall_time()),
                               host.data(), getpid(), count++);
  errno = 0;
  file_.open(path_, std::ios::binary);
  write(first_event());
}

void SummaryWriter::add_scalar(std::string_view tag, double value, std::size_t step) {
  write(scalar_event(tag, value, step));
}

void SummaryWriter::write(std::string_view event) {
  const std::string length = bytes_of(std::uint64_t{event.size()});
  file_ << length << bytes_of(masked(detail::crc32c(length))) << event
        << bytes_of(masked(detail::crc32c(event)));
  if (!file_.flush()) {
    throw FileError(
        fmt::format("cannot write {}: {}", path_.string(), std::strerror(errno != 0 ? errno : EIO)));
  }
}

TensorBoard::TensorBoard(std::filesystem::path folder, std::size_t every)
    : folder_(std::move(folder)), every_(every) {}

void TensorBoard::begin(const RunInfo&) { writer_ = std::make_unique<SummaryWriter>(folder_); }

void TensorBoard::batch(const BatchRecord& record) {
  if (every_ == 0 || record.step % every_ != 0) return;
  writer_->add_scalar("batch/risk", record.risk, record.step);
}

void TensorBoard::epoch(const EpochRecord& record) {
  const auto add = [&](const char* tag, std::optional<double> value) {
    if (value) writer_->add_scalar(tag, *value, record.step);
  };
  add("risk/training", record.training_risk);
  add("risk/validation", record.validation_risk);
  add("error/training", record.training_error);
  add("error/validation", record.validation_error);
  add("optimizer/learning_rate", record.learning_rate);
  add("optimizer/momentum", record.momentum);
  add("speed/samples_per_second", record.samples_per_second);
  add("speed/waiting_share", record.waiting_share);
}

}  // namespace xgrad::optim
