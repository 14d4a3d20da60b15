#include <optim/progress_bar.hpp>

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>

namespace xgrad::optim {
namespace {

/// `1:23:45`, `2:05`, `7 s`.
std::string duration(double seconds) {
  const auto whole = static_cast<long>(std::min(std::round(seconds), 1e9));
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  if (whole >= 60) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{} s", whole);
}

std::size_t width_of(std::FILE* out) {
  winsize size{};
  return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string error_text(const std::optional<double>& error) {
  return error ? fmt::format("  error {:.2f} %", 100 * *error) : "";
}

}  // namespace

std::string to_string(const EpochRecord& record, std::size_t epochs) {
  std::string text =
      fmt::format("epoch {:>{}}/{}  risk {:.4f}{}", record.epoch, std::to_string(epochs).size(), epochs,
                  record.training_risk, error_text(record.training_error));
  if (record.validation_risk) {
    text += fmt::format("  validation risk {:.4f}{}", *record.validation_risk,
                        error_text(record.validation_error));
  }
  return text + fmt::format("  {:.1f} s  {:.0f} samples/s{}", record.seconds, record.samples_per_second,
                            record.best ? "  *" : "");
}

ProgressBar::ProgressBar(std::FILE* out) : out_(out), is_terminal_(isatty(fileno(out)) != 0) {}

void ProgressBar::begin(const RunInfo& info) {
  epochs_ = info.epochs;
  if (!info.title.empty()) fmt::print(out_, "{}\n", info.title);
  if (!info.history.empty()) fmt::print(out_, "going on after epoch {}\n", info.history.back().epoch);
  std::fflush(out_);
}

void ProgressBar::batch(const BatchRecord& record) {
  const auto now = std::chrono::steady_clock::now();
  if (!is_terminal_ || (shown_ && now - last_ < std::chrono::milliseconds(100))) return;
  last_ = now;
  shown_ = true;
  const double share = static_cast<double>(record.samples) / static_cast<double>(record.samples_per_epoch);
  const double left =
      record.samples_per_second > 0
          ? static_cast<double>(record.samples_per_epoch - record.samples) / record.samples_per_second
          : 0;
  const std::string text =
      fmt::format(" {:3.0f} %  risk {:.4f}{}  {:.0f} samples/s  {} left", 100 * share, record.running_risk,
                  error_text(record.running_error), record.samples_per_second, duration(left));
  const std::string title = fmt::format("epoch {}/{} ", record.epoch, record.epochs);
  const std::size_t wide = width_of(out_) - 1;  // a full line would wrap on some terminals
  const std::size_t taken = title.size() + text.size() + 2;
  const std::size_t length = wide > taken + 5 ? std::min<std::size_t>(wide - taken, 30) : 0;
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(length));
  std::string line = title;
  if (length > 0) line += '[' + std::string(filled, '=') + std::string(length - filled, ' ') + ']';
  line += text;
  fmt::print(out_, "\r\033[K{}", line.substr(0, wide));
  std::fflush(out_);
}

void ProgressBar::clear() {
  if (shown_) fmt::print(out_, "\r\033[K");
  shown_ = false;
}

void ProgressBar::epoch(const EpochRecord& record) {
  clear();
  fmt::print(out_, "{}\n", to_string(record, epochs_));
  std::fflush(out_);
}

void ProgressBar::end(const RunResult& result) {
  clear();
  if (result.reason != "epochs") {
    fmt::print(out_, "stopped: {}", result.reason);
    if (result.best_epoch > 0) fmt::print(out_, "; epoch {} was the best", result.best_epoch);
    fmt::print(out_, "\n");
  }
  std::fflush(out_);
}

}  // namespace xgrad::optim
