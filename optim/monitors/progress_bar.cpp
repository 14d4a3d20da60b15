#include <optim/monitors/numbers.hpp>
#include <optim/monitors/progress_bar.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace xgrad::optim {
namespace {

std::size_t width_of(std::FILE* out) {
  winsize size{};
  return ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/// Rounds to whole seconds, because a remaining time is only an estimate.
std::string about(double seconds) { return detail::duration(std::max(std::round(seconds), 0.0)); }

std::string with_error(double loss, const std::optional<double>& error) {
  return detail::short_number(loss) + (error ? "  error " + detail::percent(error) : "");
}

}  // namespace

std::string to_string(const EpochRecord& record, std::size_t epochs) {
  using detail::percent, detail::short_number;
  constexpr std::size_t columns = 80;
  const auto line = [&](const char* between, bool has_time, bool has_training_error) {
    std::vector<std::string> parts{
        fmt::format("epoch {:>{}}/{}", record.epoch, std::to_string(epochs).size(), epochs),
        "loss " + short_number(record.training_loss)};
    if (record.training_error && has_training_error)
      parts.push_back("error " + percent(record.training_error));
    if (record.validation_loss) parts.push_back("validation " + short_number(*record.validation_loss));
    if (record.validation_error) parts.push_back(percent(record.validation_error));
    if (has_time) parts.push_back(detail::duration(record.seconds));
    if (record.best) parts.emplace_back("*");
    return fmt::format("{}", fmt::join(parts, between));
  };
  std::string text = line("  ", true, true);
  // If the line is too long, use single spaces, then omit the time and the training error.
  if (text.size() > columns) text = line(" ", true, true);
  if (text.size() > columns) text = line(" ", false, true);
  if (text.size() > columns) text = line(" ", false, false);
  return text.substr(0, columns);
}

ProgressBar::ProgressBar(std::FILE* out) : out_(out), is_terminal_(isatty(fileno(out)) != 0) {}

void ProgressBar::begin(const RunInfo& info) {
  epochs_ = info.epochs;
  if (!info.title.empty()) print(info.title + "\n");
  if (info.goes_on())
    print(fmt::format("resuming after {} epochs, at step {}\n", info.history.size(), info.step));
  std::fflush(out_);
}

void ProgressBar::batch(const BatchRecord& record) {
  const auto now = std::chrono::steady_clock::now();
  if (record.samples == record.samples_per_epoch) {
    clear();  // output of the program starts on an empty line
    std::fflush(out_);
  }
  if (!is_terminal_ || record.samples == record.samples_per_epoch) return;
  if (shown_ && now - last_ < std::chrono::milliseconds(100)) return;
  last_ = now;
  shown_ = true;
  const double share = static_cast<double>(record.samples) / static_cast<double>(record.samples_per_epoch);
  const double left =
      record.samples_per_second > 0
          ? static_cast<double>(record.samples_per_epoch - record.samples) / record.samples_per_second
          : 0;
  const std::string text = fmt::format(" {:3.0f} %  loss {}  {:.0f} samples/s  {} left", 100 * share,
                                       with_error(record.running_loss, record.running_error),
                                       record.samples_per_second, about(left));
  const std::string title = fmt::format("epoch {}/{} ", record.epoch, record.epochs);
  const std::size_t wide = width_of(out_) - 1;  // a full line wraps on some terminals
  const std::size_t taken = title.size() + text.size() + 2;
  const std::size_t length = wide > taken + 5 ? std::min<std::size_t>(wide - taken, 30) : 0;
  const auto filled = static_cast<std::size_t>(share * static_cast<double>(length));
  std::string line = title;
  if (length > 0) line += '[' + std::string(filled, '=') + std::string(length - filled, ' ') + ']';
  line += text;
  print("\r\033[K" + line.substr(0, wide));
  std::fflush(out_);
}

void ProgressBar::clear() {
  if (shown_) print("\r\033[K");
  shown_ = false;
}

void ProgressBar::epoch(const EpochRecord& record) {
  clear();
  print(to_string(record, epochs_) + "\n");
  std::fflush(out_);  // a single flush replaces the bar by the line without flicker
}

void ProgressBar::end(const RunResult& result) {
  clear();
  if (result.reason != StopReason::epochs) {
    print("stopped: " + result.reason_text() +
          (result.best_epoch > 0 ? fmt::format("; epoch {} was the best", result.best_epoch) : "") + "\n");
  }
  std::fflush(out_);
}

void ProgressBar::print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), out_); }

}  // namespace xgrad::optim
