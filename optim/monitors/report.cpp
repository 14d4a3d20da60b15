#include <autodiff/error.hpp>
#include <autodiff/files/atomic_file.hpp>
#include <optim/monitors/numbers.hpp>
#include <optim/monitors/report.hpp>
#include <optim/monitors/report_page.hpp>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <ctime>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

namespace xgrad::optim {
namespace {

using Clock = std::chrono::steady_clock;

/// Interval at which the page is rewritten between epochs. The page's script waits for a multiple of it
/// before it considers the program killed.
constexpr auto interval = std::chrono::seconds(5);

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// Calls a function at every interval on its own thread, during the lifetime of the object.
class Pulse {
 public:
  template <class F>
  explicit Pulse(F f) {
    // The new thread blocks all signals, so that they are delivered to the program's own threads.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
      thread_ = std::thread([this, f] {
        std::unique_lock lock(mutex_);
        while (!condition_.wait_for(lock, interval, [this] { return ends_; })) f();
      });
    } catch (const std::system_error& error) {
      pthread_sigmask(SIG_SETMASK, &before, nullptr);
      throw Error(fmt::format("Report: cannot start a thread: {}", error.what()));
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;
  ~Pulse() {
    {
      const std::lock_guard lock(mutex_);
      ends_ = true;
    }
    condition_.notify_all();
    thread_.join();
  }

 private:
  std::mutex mutex_;
  std::condition_variable condition_;
  bool ends_ = false;
  std::thread thread_;
};

/// The progress of a run in epochs, and an estimate of the remaining time.
class Progress {
 public:
  void update(double epochs) {
    if (!begin_) begin_.emplace(epochs, Clock::now());
    epochs_ = epochs;
  }

  /// An estimate, available once some progress has been made.
  std::optional<double> seconds_left(double all) const {
    if (!begin_ || epochs_ - begin_->first < 1e-3) return std::nullopt;
    return seconds_since(begin_->second) / (epochs_ - begin_->first) * std::max(all - epochs_, 0.0);
  }

 private:
  std::optional<std::pair<double, Clock::time_point>> begin_;
  double epochs_ = 0;
};

/// The time as `2026-11-30 14:05 UTC`; in UTC, because the page may be read in another time zone.
std::string date() { return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(std::time(nullptr))); }

std::string current_epoch(const RunInfo& info, const std::vector<EpochRecord>& history) {
  const std::size_t done = history.empty() ? 0 : history.back().epoch;
  if (done >= info.epochs) return fmt::format("epoch {} of {} is done", done, info.epochs);
  return fmt::format("epoch {} of {}", done + 1, info.epochs);
}

}  // namespace

struct Report::State {
  explicit State(std::filesystem::path to) : path(std::move(to)) {}

  /// Builds the page from `data` and writes it.
  void show(detail::ReportState now) {
    detail::ReportPage made = detail::report_page(data);
    {
      const std::lock_guard lock(changing);
      page = std::move(made);
      state = std::move(now);
      exists = true;
    }
    write();
  }

  /// Writes the page with its current state.
  void write() {
    const std::lock_guard lock(writing);  // held while composing: no older page replaces a newer one
    std::string text;
    {
      const std::lock_guard other(changing);
      const auto now = std::chrono::system_clock::now().time_since_epoch();
      text =
          detail::with_state(page, state, std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    }
    files::write_atomically(path, text);
  }

  std::filesystem::path path;
  detail::ReportData data;
  Progress progress;
  Clock::time_point last_batch = {};
  bool exists = false;

  std::mutex writing;   // guards the file
  std::mutex changing;  // guards `page` and `state`
  detail::ReportPage page;
  detail::ReportState state;

  std::unique_ptr<Pulse> pulse;  // the last member: its thread uses the others
};

Report::Report(std::filesystem::path path) : state_(std::make_unique<State>(std::move(path))) {}
Report::~Report() = default;

void Report::begin(const RunInfo& info) {
  State& s = *state_;
  s.pulse.reset();
  s.data = {.info = info, .history = info.history, .figures = s.data.figures, .started = date()};
  s.progress = {};
  s.show({.text = current_epoch(info, s.data.history)});
  s.pulse = std::make_unique<Pulse>([&s] {
    try {
      s.write();
    } catch (const Error&) {  // the next callback of the run reports the error
    }
  });
}

void Report::batch(const BatchRecord& record) {
  State& s = *state_;
  if (seconds_since(s.last_batch) < 1) return;
  s.last_batch = Clock::now();
  const double share = static_cast<double>(record.samples) /
                       static_cast<double>(std::max<std::size_t>(record.samples_per_epoch, 1));
  s.progress.update(static_cast<double>(record.epoch) - 1 + share);
  const std::lock_guard lock(s.changing);
  s.state.text = fmt::format("epoch {} of {}, {:.0f} %", record.epoch, record.epochs, 100 * share);
  s.state.seconds_left = s.progress.seconds_left(static_cast<double>(record.epochs));
}

void Report::details(const Details& details) { state_->data.details = details; }

void Report::epoch(const EpochRecord& record) {
  State& s = *state_;
  s.data.history.push_back(record);
  s.progress.update(static_cast<double>(record.epoch));
  const std::size_t all = s.data.info.epochs;
  s.show({.text = current_epoch(s.data.info, s.data.history),
          .seconds_left =
              record.epoch < all ? s.progress.seconds_left(static_cast<double>(all)) : std::nullopt});
}

void Report::end(const RunResult& result) {
  state_->pulse.reset();
  const bool whole = result.reason == StopReason::epochs;
  state_->show({.kind = whole || result.reason == StopReason::early_stopping ? detail::ReportState::finished
                                                                             : detail::ReportState::stopped,
                .text = whole ? "finished" : "stopped: " + result.reason_text()});
}

void Report::add_figure(const std::string& name, const std::string& value) {
  State& s = *state_;
  const auto found = std::find_if(s.data.figures.begin(), s.data.figures.end(),
                                  [&](const auto& each) { return each.first == name; });
  if (found != s.data.figures.end()) {
    found->second = value;
  } else {
    s.data.figures.emplace_back(name, value);
  }
  if (s.exists) s.show(s.state);
}

}  // namespace xgrad::optim
