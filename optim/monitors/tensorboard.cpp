#include <autodiff/error.hpp>
#include <autodiff/files/output_file.hpp>
#include <optim/monitors/tensorboard.hpp>
#include <optim/monitors/unicode.hpp>

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

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

/// The masked checksum of TFRecord files.
std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8U; }

template <class Number>
std::string bytes_of(Number number) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

// ---- Protocol buffers: each field is a key (field number and wire type), then the value ----

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
// session_log = 7 (SessionLog). Summary: value = 1 (Value, repeated). Value: tag = 1 (string), simple_value =
// 2 (float). SessionLog: status = 1 (START = 1).

std::string first_event() {
  return field(1, eight_bytes, bytes_of(wall_time())) + field(3, with_length, "brain.Event:2");
}

std::string start_event(std::size_t step) {
  return field(1, eight_bytes, bytes_of(wall_time())) + field(2, varint, encode_varint(step)) +
         field(7, with_length, field(1, varint, encode_varint(1)));
}

std::string scalar_event(std::string_view tag, double value, std::size_t step) {
  const std::string inner =
      field(1, with_length, tag) + field(2, four_bytes, bytes_of(static_cast<float>(value)));
  return field(1, eight_bytes, bytes_of(wall_time())) + field(2, varint, encode_varint(step)) +
         field(5, with_length, field(1, with_length, inner));
}

constexpr const char* prefix = "events.out.tfevents.";

bool has_a_run(const std::filesystem::path& folder) {
  std::error_code none;  // a folder that does not exist contains no run
  for (const auto& each : std::filesystem::directory_iterator(folder, none)) {
    if (each.path().filename().string().starts_with(prefix)) return true;
  }
  return false;
}

/// The folder of a new run: `folder` itself for the first, then `run-2`, `run-3`, ... in it. For a resumed
/// run, the folder of the last run.
std::filesystem::path folder_of_run(const std::filesystem::path& folder, bool goes_on) {
  std::filesystem::path last = folder;
  for (int number = 2;; ++number) {
    if (!has_a_run(last)) return last;
    const auto next = folder / fmt::format("run-{}", number);
    if (goes_on && !has_a_run(next)) return last;
    last = next;
  }
}

}  // namespace

std::uint32_t detail::crc32c(std::string_view bytes) noexcept {
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  return ~crc;
}

SummaryWriter::SummaryWriter(const std::filesystem::path& folder, std::optional<std::size_t> purge_step) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    throw FileError(fmt::format("cannot create the folder {}: {}", folder.string(), error.message()));
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0 || host[0] == '\0')
    std::strcpy(host.data(), "localhost");
  static std::atomic<int> count{0};
  // TensorBoard reads the files of a folder in the order of their names, so the name begins with the time.
  path_ = folder / fmt::format("{}{}.{}.{}.{}", prefix, static_cast<std::uint64_t>(wall_time()), host.data(),
                               getpid(), count++);
  file_ = std::make_unique<files::OutputFile>(path_, files::OutputFile::Mode::add);
  write(first_event());
  if (purge_step) write(start_event(*purge_step));
}

SummaryWriter::SummaryWriter(SummaryWriter&&) noexcept = default;
SummaryWriter& SummaryWriter::operator=(SummaryWriter&&) noexcept = default;
SummaryWriter::~SummaryWriter() = default;

void SummaryWriter::add_scalar(std::string_view tag, double value, std::size_t step) {
  if (const auto at = detail::first_invalid_utf8(tag)) {
    throw ValueError(fmt::format("SummaryWriter: the tag \"{}\" is not UTF-8: byte {} is 0x{:02x}",
                                 detail::valid_utf8(tag), *at, static_cast<unsigned char>(tag[*at])));
  }
  if (step > static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max())) {
    throw ValueError(fmt::format("SummaryWriter: expected a step below 2^63, got {}", step));
  }
  write(scalar_event(tag, value, step));
}

void SummaryWriter::write(std::string_view event) {
  const std::string length = bytes_of(std::uint64_t{event.size()});
  std::string record = length + bytes_of(masked(detail::crc32c(length)));
  record.append(event).append(bytes_of(masked(detail::crc32c(event))));
  file_->append(record);
}

TensorBoard::TensorBoard(std::filesystem::path folder, std::size_t every)
    : folder_(std::move(folder)), every_(every) {}

void TensorBoard::begin(const RunInfo& info) {
  const bool goes_on = info.goes_on();
  const std::size_t step = std::max(info.step, info.history.empty() ? 0 : info.history.back().step);
  writer_ = std::make_unique<SummaryWriter>(folder_of_run(folder_, goes_on),
                                            goes_on ? std::optional(step + 1) : std::nullopt);
}

SummaryWriter& TensorBoard::writer() {
  if (!writer_) begin({});  // the callbacks may be used without `begin`
  return *writer_;
}

void TensorBoard::batch(const BatchRecord& record) {
  if (every_ == 0 || record.step % every_ != 0) return;
  writer().add_scalar("batch/loss", record.loss, record.step);
}

void TensorBoard::epoch(const EpochRecord& record) {
  const auto add = [&](const char* tag, std::optional<double> value) {
    if (value) writer().add_scalar(tag, *value, record.step);
  };
  const auto accuracy = [](std::optional<double> error) {
    return error ? std::optional(1 - *error) : std::nullopt;
  };
  add("train/loss", record.training_loss);
  add("validation/loss", record.validation_loss);
  add("train/error", record.training_error);
  add("validation/error", record.validation_error);
  add("train/accuracy", accuracy(record.training_error));
  add("validation/accuracy", accuracy(record.validation_error));
  add("optimizer/learning_rate", record.learning_rate);
  add("optimizer/momentum", record.momentum);
  add("speed/samples_per_second", record.samples_per_second);
  add("speed/waiting_share", record.waiting_share);
}

}  // namespace xgrad::optim
