#include <autodiff/error.hpp>
#include <autodiff/files/atomic_file.hpp>
#include <autodiff/inspection/profile.hpp>
#include <autodiff/record_list.hpp>
#include <autodiff/tape.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <map>
#include <ostream>
#include <string_view>

namespace xgrad {
namespace detail {

std::int64_t profile_clock() noexcept {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
}

std::uint32_t thread_number() noexcept {
  static std::atomic<std::uint32_t> last{0};
  thread_local const std::uint32_t number = ++last;
  return number;
}

namespace {

/// A time with three significant digits.
std::string time_text(double seconds) {
  const auto [scale, unit] = seconds >= 1      ? std::pair(1.0, "s")
                             : seconds >= 1e-3 ? std::pair(1e3, "ms")
                                               : std::pair(1e6, "us");
  const double number = seconds * scale;
  return fmt::format("{:.{}f} {}", number, number < 10 ? 2 : number < 100 ? 1 : 0, unit);
}

std::string bytes_text(std::size_t bytes) {
  const auto count = static_cast<double>(bytes);
  if (count >= 0x1p30) return fmt::format("{:.1f} GiB", count / 0x1p30);
  if (count >= 0x1p20) return fmt::format("{:.1f} MiB", count / 0x1p20);
  if (count >= 0x1p10) return fmt::format("{:.1f} KiB", count / 0x1p10);
  return fmt::format("{} B", bytes);
}

double total_seconds(const OperationCost& cost) { return cost.seconds + cost.backward_seconds; }

}  // namespace
}  // namespace detail

void Tape::profile(bool on) {
  auto& list = own_list("profile");
  const std::uint64_t bit = std::uint64_t{1} << slot_;
  if (on) {
    if (list.events.size() <= slot_) list.events.resize(slot_ + 1);
    if (!list.events[slot_]) list.events[slot_] = std::make_unique<std::vector<detail::ProfileEvent>>();
    list.last_event = detail::profile_clock();
  }
  list.measuring = on ? list.measuring | bit : list.measuring & ~bit;
}

Profile Tape::profile() const {
  const auto& list = own_list("profile");
  if (slot_ >= list.events.size() || !list.events[slot_]) {
    throw TapeError(
        "profile: nothing was measured; call tape.profile(true) before the operations to measure");
  }
  return Profile(*list.events[slot_]);
}

std::vector<OperationCost> Profile::operations() const {
  std::map<std::string_view, OperationCost> by_name;
  for (const detail::ProfileEvent& event : events_) {
    OperationCost& cost = by_name[event.operation];
    const double seconds = static_cast<double>(event.end - event.begin) * 1e-9;
    if (event.backward) {
      ++cost.backward_calls;
      cost.backward_seconds += seconds;
    } else {
      ++cost.calls;
      cost.seconds += seconds;
      cost.bytes += event.bytes;
    }
  }
  std::vector<OperationCost> costs;
  costs.reserve(by_name.size());
  for (auto& [name, cost] : by_name) {
    cost.operation = name;
    costs.push_back(std::move(cost));
  }
  std::ranges::stable_sort(costs, std::ranges::greater(), detail::total_seconds);
  return costs;
}

Profile& Profile::operator+=(const Profile& other) {
  if (this == &other) return *this += Profile(other);
  events_.insert(events_.end(), other.events_.begin(), other.events_.end());
  return *this;
}

void Profile::write_chrome_trace(const std::string& path) const {
  const auto quoted = [](const std::string& text) {
    return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  };
  std::int64_t start = 0;
  for (const detail::ProfileEvent& event : events_) {
    start = &event == &events_.front() ? event.begin : std::min(start, event.begin);
  }
  std::string text = R"({"displayTimeUnit":"ns","traceEvents":[)";
  const char* separator = "\n";
  for (const detail::ProfileEvent& event : events_) {
    text += separator;
    text += fmt::format(R"({{"name":{},"cat":"{}","ph":"X","ts":{:.3f},"dur":{:.3f},"pid":1,"tid":{},)"
                        R"("args":{{"shape":"{}","bytes":{}}}}})",
                        quoted(event.operation), event.backward ? "backward" : "forward",
                        static_cast<double>(event.begin - start) * 1e-3,
                        static_cast<double>(event.end - event.begin) * 1e-3, event.thread,
                        to_string(event.shape), event.bytes);
    separator = ",\n";
  }
  text += "\n]}\n";
  files::write_atomically(path, text);
}

std::string to_string(const Profile& profile) {
  std::vector<OperationCost> costs = profile.operations();
  OperationCost total{.operation = "total"};
  std::size_t width = std::string_view("operation").size();
  for (const OperationCost& each : costs) {
    total.calls += each.calls;
    total.seconds += each.seconds;
    total.backward_calls += each.backward_calls;
    total.backward_seconds += each.backward_seconds;
    total.bytes += each.bytes;
    width = std::max(width, each.operation.size());
  }
  costs.push_back(total);

  std::string text = fmt::format("{:{}}  {:>7}  {:>8}  {:>8}  {:>8}  {:>6}  {:>10}\n", "operation", width,
                                 "calls", "forward", "passes", "backward", "share", "results");
  for (const OperationCost& each : costs) {
    const double all = detail::total_seconds(total);
    text += fmt::format(
        "{:{}}  {:>7}  {:>8}  {:>8}  {:>8}  {:>5.1f}%  {:>10}\n", each.operation, width, each.calls,
        detail::time_text(each.seconds), each.backward_calls, detail::time_text(each.backward_seconds),
        all > 0 ? 100 * detail::total_seconds(each) / all : 0.0, detail::bytes_text(each.bytes));
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const Profile& profile) { return out << to_string(profile); }

}  // namespace xgrad
